/** What the API speaks of, under the names that the page uses; all of it comes from the committed contract. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type CaliperKind = Schemas["CaliperKind"];
export type Change = Schemas["ChangeView"];
export type Decision = Schemas["Decision"];
export type ExamDetail = Schemas["ExamDetail"];
export type ExamList = Schemas["ExamList"];
export type ExamState = Schemas["ExamState"];
export type ExamSummary = Schemas["ExamSummary"];
export type Finding = Schemas["FindingView"];
export type FrameOverlay = Schemas["OverlayView"];
export type StoredMap = Schemas["StoredMap"];
export type Job = Schemas["JobView"];
export type Quality = Schemas["QualityView"];
export type Quantity = Schemas["Quantity"];
export type RecordingDetail = Schemas["RecordingDetail"];
export type RecordingSummary = Schemas["RecordingSummary"];
export type ReportList = Schemas["ReportList"];
export type Series = Schemas["Series"];
export type SeriesQuantity = Schemas["SeriesQuantity"];
export type FrameHead = Schemas["FrameHead"];
export type HeightMapView = Schemas["HeightMapView"];
export type Knobs = Schemas["KnobsBody"];
export type Landmark = Schemas["LandmarkView"];
export type LandmarkKind = Schemas["Landmark"];
export type Move = Schemas["Move"];
export type SeenBearing = Schemas["BearingView"];
export type LiveExplained = Schemas["Explained"];
export type Why = Schemas["WhyView"];
export type LiveControl = Schemas["Control"];
export type LiveOpened = Schemas["Opened"];
export type LivePatient = Schemas["PatientReady"];
export type LivePlace = Schemas["Place"];
export type LiveRecorded = Schemas["Recorded"];
export type LiveRecordState = Schemas["RecordState"];
export type LiveStanding = Schemas["Standing"];
export type LiveTrouble = Schemas["Trouble"];
export type LiveWorking = Schemas["Working"];
export type Machine = Schemas["MachineView"];
export type PatientBody = Schemas["PatientBody"];
export type Seen = Schemas["SeenView"];
export type SeenLandmark = Schemas["SeenLandmark"];
export type SeenMap = Schemas["SeenMap"];
export type Side = Schemas["Side"];
export type SkinView = Schemas["SkinView"];
export type View = Schemas["View"];
export type Followed = Schemas["FollowedView"];
export type InstrumentRules = Schemas["InstrumentView"];
export type MarkKind = Schemas["MarkKind"];
export type Measure = Schemas["MeasureView"];
export type Patient = Schemas["PatientView"];
export type Study = Schemas["StudyView"];
export type StudyFindings = Schemas["StudyFindings"];
export type StudyTask = Schemas["StudyTask"];
export type Trend = Schemas["TrendView"];
export type TrendVisit = Schemas["VisitView"];

export const EXAM_STATES = ["imported", "draft", "review", "signed", "amended"] as const satisfies readonly ExamState[];
export const MARK_KINDS = ["treatment", "injection", "surgery", "other"] as const satisfies readonly MarkKind[];

export type MotionField = Schemas["FieldView"];
export type MotionMarks = Schemas["MarksShape"];
export type MotionNaming = Schemas["NamingShape"];
export type MotionPlaces = Schemas["PlacesShape"];
export type MotionTold = Schemas["MotionView"];

export type Contraction = Schemas["Contraction"];
export type MuscleCell = Schemas["CellView"];
export type MuscleFigure = Schemas["FigureView"];
export type MuscleRepeat = Schemas["RepeatView"];
export type MuscleRow = Schemas["RowView"];
export type Muscles = Schemas["MusclesView"];
export type MuscleShown = Schemas["ShownView"];
export type Taken = Schemas["TakenView"];
/** What a person says of a recording. */
export type TakenSaid = Pick<Schemas["TakenView"], "view" | "side" | "level" | "state">;
/** What a calliper is of. */
export type CaliperNaming = Pick<Required<Schemas["CaliperBody"]>, "structure" | "side" | "level" | "state">;
export type StiffnessEntry = Schemas["StiffnessBody"];

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

export const EXAM_STATES = ["imported", "draft", "review", "signed", "amended"] as const satisfies readonly ExamState[];

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
export type Job = Schemas["JobView"];
export type Quality = Schemas["QualityView"];
export type Quantity = Schemas["Quantity"];
export type RecordingDetail = Schemas["RecordingDetail"];
export type RecordingSummary = Schemas["RecordingSummary"];
export type ReportList = Schemas["ReportList"];
export type Series = Schemas["Series"];
export type SeriesQuantity = Schemas["SeriesQuantity"];

export const EXAM_STATES = ["imported", "draft", "review", "signed", "amended"] as const satisfies readonly ExamState[];

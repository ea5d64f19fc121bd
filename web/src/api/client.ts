/** The HTTP API, typed by the committed contract: one function for each thing that the page asks of the server. */

import createClient from "openapi-fetch";
import { problemOf, Unreachable } from "./problem";
import type { components, paths } from "./schema";
import type {
  ExamDetail,
  ExamList,
  ExamState,
  Job,
  Measure,
  RecordingDetail,
  ReportList,
  Series,
  Trend,
} from "./types";

type Schemas = components["schemas"];

const http = createClient<paths>({ baseUrl: location.origin, fetch: (request) => reach(() => fetch(request)) });

let report: (answered: boolean) => void = () => undefined;

/** Have `listener` told after each request whether the server answered. */
export function onReached(listener: (answered: boolean) => void): void {
  report = listener;
}

async function reach(request: () => Promise<Response>): Promise<Response> {
  try {
    const response = await request();
    report(true);
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    report(false);
    throw new Unreachable();
  }
}

/** Return the body of a good answer; raise what a bad one says. */
async function body<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined) throw problemOf(response.status, error);
  return data;
}

const exam = (exam_id: string) => ({ path: { exam_id } });
const recording = (recording_id: string) => ({ path: { recording_id } });
const frame = (recording_id: string, index: number) => ({ path: { recording_id, index } });

/** Return whether the server answers. */
export async function isAlive(): Promise<boolean> {
  return http.GET("/api/health").then(
    ({ response }) => response.ok,
    () => false,
  );
}

export interface ExamQuery {
  readonly text: string;
  readonly state: ExamState | "";
  readonly limit: number;
  readonly offset: number;
}

/** Return examinations, newest first. */
export function listExams({ state, ...query }: ExamQuery, signal?: AbortSignal): Promise<ExamList> {
  const params = { query: state ? { ...query, state } : query };
  return body(http.GET("/api/exams", { params, ...(signal && { signal }) }));
}

/** Return an examination; `person`: whose review could be taken back, anybody's when empty. */
export function readExam(examId: string, person = ""): Promise<ExamDetail> {
  return body(http.GET("/api/exams/{exam_id}", { params: { ...exam(examId), query: { person } } }));
}

/** Interpret what an interrupted import left uninterpreted. */
export function interpret(examId: string): Promise<Job> {
  return body(http.POST("/api/exams/{exam_id}/interpret", { params: exam(examId) }));
}

export async function listJobs(): Promise<readonly Job[]> {
  return (await body(http.GET("/api/jobs"))).jobs;
}

export function readJob(jobId: string): Promise<Job> {
  return body(http.GET("/api/jobs/{job_id}", { params: { path: { job_id: jobId } } }));
}

export function cancelJob(jobId: string): Promise<Job> {
  return body(http.DELETE("/api/jobs/{job_id}", { params: { path: { job_id: jobId } } }));
}

export function readRecording(recordingId: string): Promise<RecordingDetail> {
  return body(http.GET("/api/recordings/{recording_id}", { params: recording(recordingId) }));
}

export function readOverlays(recordingId: string, start: number, count: number): Promise<Schemas["Overlays"]> {
  const params = { ...recording(recordingId), query: { start, count } };
  return body(http.GET("/api/recordings/{recording_id}/overlays", { params }));
}

export function readSeries(recordingId: string): Promise<Series> {
  return body(http.GET("/api/recordings/{recording_id}/series", { params: recording(recordingId) }));
}

/** Return the address of a frame's picture. */
export function frameUrl(recordingId: string, index: number): string {
  return `/api/recordings/${encodeURIComponent(recordingId)}/frames/${index}`;
}

/** Return a picture, decoded. */
export async function fetchPicture(url: string, signal: AbortSignal): Promise<ImageBitmap> {
  const response = await reach(() => fetch(url, { signal }));
  if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null));
  return createImageBitmap(await response.blob());
}

export function saveContour(recordingId: string, index: number, change: Schemas["ContourBody"]): Promise<ExamDetail> {
  const path = "/api/recordings/{recording_id}/frames/{index}/contour";
  return body(http.PUT(path, { params: frame(recordingId, index), body: change }));
}

/** Return what a person begins to paint on. */
export function readMap(recordingId: string, index: number): Promise<Schemas["PaintView"]> {
  const path = "/api/recordings/{recording_id}/frames/{index}/map";
  return body(http.GET(path, { params: frame(recordingId, index) }));
}

export function saveMap(recordingId: string, index: number, change: Schemas["MapBody"]): Promise<ExamDetail> {
  const path = "/api/recordings/{recording_id}/frames/{index}/map";
  return body(http.PUT(path, { params: frame(recordingId, index), body: change }));
}

/** Lead structures from one corrected frame to another. */
export function fillBetween(recordingId: string, change: Schemas["BetweenBody"]): Promise<ExamDetail> {
  return body(http.POST("/api/recordings/{recording_id}/between", { params: recording(recordingId), body: change }));
}

export function addCaliper(recordingId: string, index: number, change: Schemas["CaliperBody"]): Promise<ExamDetail> {
  const path = "/api/recordings/{recording_id}/frames/{index}/calipers";
  return body(http.POST(path, { params: frame(recordingId, index), body: change }));
}

export function decide(examId: string, findingId: string, change: Schemas["DecisionBody"]): Promise<ExamDetail> {
  const params = { path: { exam_id: examId, finding_id: findingId } };
  return body(http.POST("/api/exams/{exam_id}/findings/{finding_id}/decision", { params, body: change }));
}

export function acceptAll(examId: string, change: Schemas["PersonBody"]): Promise<ExamDetail> {
  return body(http.POST("/api/exams/{exam_id}/accept-all", { params: exam(examId), body: change }));
}

export function undo(examId: string, change: Schemas["PersonBody"]): Promise<ExamDetail> {
  return body(http.POST("/api/exams/{exam_id}/undo", { params: exam(examId), body: change }));
}

export function sign(examId: string, change: Schemas["PersonBody"]): Promise<ExamDetail> {
  return body(http.POST("/api/exams/{exam_id}/sign", { params: exam(examId), body: change }));
}

export function amend(examId: string, change: Schemas["AmendBody"]): Promise<ExamDetail> {
  return body(http.POST("/api/exams/{exam_id}/amend", { params: exam(examId), body: change }));
}

export function listReport(examId: string): Promise<ReportList> {
  return body(http.GET("/api/exams/{exam_id}/report", { params: exam(examId) }));
}

/** Return the address of a report's file (its name may hold folders), shown in the browser or downloaded. */
export function reportUrl(examId: string, name: string, download = false): string {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return `/api/exams/${encodeURIComponent(examId)}/report/${path}${download ? "?download=true" : ""}`;
}

/** Return the address of all files of a report in one archive. */
export function reportZipUrl(examId: string): string {
  return `/api/exams/${encodeURIComponent(examId)}/report.zip`;
}

/** Return everybody with examinations, latest first. */
export async function listPatients(): Promise<readonly Schemas["PatientView"][]> {
  return (await body(http.GET("/api/patients"))).patients;
}

/** Return what can be followed in a patient, the measure with most visits first. */
export async function listMeasures(patient: string): Promise<readonly Schemas["FollowedView"][]> {
  return (await body(http.GET("/api/measures", { params: { query: { patient } } }))).followed;
}

/** Return one measure of a patient over visits. */
export function readTrend(patient: string, measure: Measure, signal?: AbortSignal): Promise<Trend> {
  const { quantity, structure, side, level, state } = measure;
  const params = { query: { patient, quantity, structure, side, level, state } };
  return body(http.GET("/api/trend", { params, ...(signal && { signal }) }));
}

/** Return the address of a trend's picture or table. */
export function trendFileUrl(patient: string, measure: Measure, kind: "svg" | "png" | "csv"): string {
  const { quantity, structure, side, level, state } = measure;
  return `/api/trend/file?${new URLSearchParams({ patient, quantity, structure, side, level, state, kind })}`;
}

/** Return the rules of every questionnaire that can be scored. */
export async function listInstruments(): Promise<readonly Schemas["InstrumentView"][]> {
  return (await body(http.GET("/api/instruments"))).instruments;
}

export function addMark(mark: Schemas["MarkBody"]): Promise<Schemas["MarkView"]> {
  return body(http.POST("/api/marks", { body: mark }));
}

export function addScore(score: Schemas["ScoreBody"]): Promise<Schemas["ScoreView"]> {
  return body(http.POST("/api/scores", { body: score }));
}

/** Let a mark or a questionnaire no longer count; it stays readable on the server. */
export async function withdrawEntry(entryId: string, change: Schemas["WithdrawBody"]): Promise<void> {
  const params = { path: { entry_id: entryId } };
  const { error, response } = await http.POST("/api/entries/{entry_id}/withdraw", { params, body: change });
  if (!response.ok) throw problemOf(response.status, error);
}

/** Return all reliability studies, in the order in which they were planned. */
export async function listStudies(): Promise<readonly Schemas["StudyView"][]> {
  return (await body(http.GET("/api/studies"))).studies;
}

const study = (plan_id: string) => ({ path: { plan_id } });

/** Return which place of their own order a rater reads next. */
export function nextReading(planId: string, person: string): Promise<Schemas["StudyTask"]> {
  return body(http.GET("/api/studies/{plan_id}/task", { params: { ...study(planId), query: { person } } }));
}

/** Return the address of a picture that tells nothing of whose it is. */
export function readingPictureUrl(planId: string, place: number, person: string): string {
  return `/api/studies/${encodeURIComponent(planId)}/picture/${place}?${new URLSearchParams({ person })}`;
}

export function addReading(planId: string, reading: Schemas["ReadingBody"]): Promise<Schemas["StudyTask"]> {
  return body(http.POST("/api/studies/{plan_id}/readings", { params: study(planId), body: reading }));
}

/** Return what a finished study found. */
export function readFindings(planId: string): Promise<Schemas["StudyFindings"]> {
  return body(http.GET("/api/studies/{plan_id}/findings", { params: study(planId) }));
}

/** Use what a finished study found as this site's error. */
export async function keepStudy(planId: string, person: string): Promise<void> {
  const params = study(planId);
  const { error, response } = await http.POST("/api/studies/{plan_id}/keep", { params, body: { person } });
  if (!response.ok) throw problemOf(response.status, error);
}

/** Return where the first frame's muscle and fascia were measured. */
export function proposeMotion(recordingId: string): Promise<Schemas["ProposalView"]> {
  return body(http.GET("/api/recordings/{recording_id}/motion/proposal", { params: recording(recordingId) }));
}

/** Begin to follow a cine. */
export function followMotion(recordingId: string, places: Schemas["PlacesShape"]): Promise<Job> {
  return body(http.POST("/api/recordings/{recording_id}/motion", { params: recording(recordingId), body: places }));
}

/** Return how the grid over a followed cine's field moves. */
export function readMotionField(recordingId: string): Promise<Schemas["FieldView"]> {
  return body(http.GET("/api/recordings/{recording_id}/motion/field", { params: recording(recordingId) }));
}

/** Return what a followed cine is measured for. */
export function measureMotion(recordingId: string, asked: Schemas["MotionBody"]): Promise<Schemas["MotionView"]> {
  const path = "/api/recordings/{recording_id}/motion/measured";
  return body(http.POST(path, { params: recording(recordingId), body: asked }));
}

/** Keep what a followed cine was measured for as findings. */
export function keepMotion(recordingId: string, kept: Schemas["KeepBody"]): Promise<ExamDetail> {
  const path = "/api/recordings/{recording_id}/motion/findings";
  return body(http.POST(path, { params: recording(recordingId), body: kept }));
}

/** Return the measures of muscles in an examination, side beside side; `person`: whose acts can be taken back. */
export function readMuscles(examId: string, person = ""): Promise<Schemas["MusclesView"]> {
  return body(http.GET("/api/exams/{exam_id}/muscles", { params: { ...exam(examId), query: { person } } }));
}

/** Say how a recording was taken. */
export function labelRecording(recordingId: string, change: Schemas["TakenBody"]): Promise<ExamDetail> {
  return body(http.PUT("/api/recordings/{recording_id}/taken", { params: recording(recordingId), body: change }));
}

/** Move a calliper or an outline of one frame; without points the measured one counts again. */
export function moveEnds(
  recordingId: string,
  index: number,
  change: Schemas["EndsBody"],
): Promise<Schemas["MusclesView"]> {
  const path = "/api/recordings/{recording_id}/frames/{index}/ends";
  return body(http.PUT(path, { params: frame(recordingId, index), body: change }));
}

/** Choose the frames that count for a measure. */
export function chooseFrames(recordingId: string, change: Schemas["FramesBody"]): Promise<Schemas["MusclesView"]> {
  return body(http.PUT("/api/recordings/{recording_id}/counted", { params: recording(recordingId), body: change }));
}

/** Type in a value of shear-wave elastography beside a recording. */
export function addStiffness(recordingId: string, value: Schemas["StiffnessBody"]): Promise<ExamDetail> {
  return body(http.POST("/api/recordings/{recording_id}/stiffness", { params: recording(recordingId), body: value }));
}

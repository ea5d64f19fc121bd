/** The history in the reader's words: lines that one change wrote together are one deed. */

import type { Change, ExamDetail } from "../../api/types";
import { unitText, valueText, words } from "../../shared/format";

export interface Deed {
  readonly what: string;
  readonly who: string;
  readonly at: string;
  readonly reason: string;
  /** What was changed, one line each. */
  readonly lines: readonly string[];
}

const WHAT: Record<string, string> = {
  create: "Opened",
  import: "Imported",
  interpret: "Interpreted",
  accept: "Accepted",
  edit: "Edited",
  reject: "Rejected",
  "accept all": "Accepted all",
  calliper: "Set a calliper",
  contour: "Corrected the bone line",
  structures: "Corrected structures",
  between: "Filled structures in between",
  undo: "Took back",
  sign: "Signed",
  amend: "Opened for amendment",
  label: "Said how it was taken",
  "correct calliper": "Corrected a calliper",
  "choose frames": "Chose the frames that count",
};

/** Return the deeds of an examination, newest first. */
export function deedsOf(exam: ExamDetail): readonly Deed[] {
  const groups: Change[][] = [];
  for (const change of exam.history) {
    const group = groups.at(-1);
    if (group?.[0] && together(group[0], change)) group.push(change);
    else groups.push([change]);
  }
  return groups.reverse().map((group) => deedOf(group, exam));
}

/** One change of the examination writes all its lines with one revision, under one name. */
function together(a: Change, b: Change): boolean {
  const revision = revisionOf(a);
  return revision !== undefined && revision === revisionOf(b) && a.who === b.who && a.action === b.action;
}

function deedOf(group: readonly Change[], exam: ExamDetail): Deed {
  const first = group[0]!;
  const reasons = new Set(group.map(({ reason }) => reason).filter(Boolean));
  return {
    what: WHAT[first.action] ?? words(first.action),
    who: first.who,
    at: first.at,
    reason: reasons.size === 1 ? [...reasons][0]! : "",
    lines: group.map((change) => lineOf(change, exam)).filter(Boolean),
  };
}

function lineOf(change: Change, exam: ExamDetail): string {
  const [kind, id = ""] = change.target.split(":", 2);
  if (kind === "recording") return exam.recordings.find((one) => one.id === id)?.name ?? "a recording";
  if (kind === "taken") return exam.recordings.find((one) => one.id === id)?.name ?? "a recording";
  if (kind === "remark") return remarkText(id);
  if (kind === "contour" || kind === "map") return `frame ${Number(id.split("/")[1] ?? 0) + 1}`;
  if (kind !== "measurement") return "";
  const title = exam.findings.find((one) => one.id === id)?.title ?? titleOf(change);
  const [before, after] = [measuredIn(change.before), measuredIn(change.after)];
  if (before && after && before !== after) return `${title}: ${before} → ${after}`;
  return after ? `${title}: ${after}` : title;
}

/** Return "frame 3, multifidus, thickness" of `<recording>/calliper/2/multifidus.left.thickness`. */
function remarkText(id: string): string {
  const [, what, ...rest] = id.split("/");
  const [structure = "", , quantity = ""] = rest.at(-1)?.split(".") ?? [];
  const measure = `${words(structure)}, ${words(quantity).toLowerCase()}`;
  return what === "calliper" ? `frame ${Number(rest[0]) + 1}, ${measure}` : measure;
}

function titleOf(change: Change): string {
  const quantity = measurementIn(change.after || change.before)?.quantity;
  return quantity ? words(quantity) : "A finding";
}

function measuredIn(text: string): string {
  const measured = measurementIn(text);
  if (measured?.value === null || measured?.value === undefined) return "";
  return `${valueText(measured.value, measured.uncertainty)} ${unitText(measured.unit ?? "")}`;
}

interface Measured {
  readonly quantity?: string;
  readonly value?: number | null;
  readonly uncertainty?: number | null;
  readonly unit?: string;
}

function measurementIn(text: string): Measured | undefined {
  return (parsed(text) as { measurement?: Measured } | undefined)?.measurement;
}

function revisionOf(change: Change): unknown {
  return (parsed(change.after || change.before) as { revision?: unknown } | undefined)?.revision;
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

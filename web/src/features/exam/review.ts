/** The questions of a review: which value, why, under which name. */

import type { ExamDetail, Finding } from "../../api/types";
import { ask } from "../../shared/ask.svelte";
import { count, doubtText, unitText, valueText } from "../../shared/format";
import { keepName, person } from "../../shared/person.svelte";
import type { Desk } from "./desk.svelte";

const WHY_EDITED = ["Measured again by hand", "Wrong boundary", "Wrong level"];
const WHY_REJECTED = ["Artefact", "Not bone", "Poor contact", "Not relevant"];

/** What each status allows; the server's own table decides in the end. */
const ALLOWED: Record<Finding["status"], readonly ("accept" | "edit" | "reject")[]> = {
  draft: ["accept", "edit", "reject"],
  accepted: ["edit", "reject"],
  edited: ["edit", "reject"],
  rejected: ["accept", "edit"],
};

/** Return whether a decision can be offered for a finding. */
export function offers(desk: Desk, finding: Finding, decision: "accept" | "edit" | "reject"): boolean {
  if (!desk.reviewable || !ALLOWED[finding.status].includes(decision)) return false;
  return decision !== "accept" || finding.value !== null;
}

export async function accept(desk: Desk, finding: Finding): Promise<void> {
  if (offers(desk, finding, "accept")) await desk.decide(finding, "accept");
}

export async function edit(desk: Desk, finding: Finding): Promise<void> {
  if (!offers(desk, finding, "edit")) return;
  const answers = await ask({
    title: finding.title,
    text: `Measured: ${valueText(finding.original ?? finding.value, finding.uncertainty)} ${doubtText(finding.uncertainty)} ${unitText(finding.unit)}, by ${finding.method}. It stays in the history.`,
    fields: [
      {
        name: "value",
        label: "New value",
        kind: "number",
        required: true,
        value: finding.value === null ? "" : valueText(finding.value),
        suffix: unitText(finding.unit),
      },
      { name: "reason", label: "Reason", required: true, suggestions: WHY_EDITED },
    ],
    confirm: "Save the value",
  });
  if (answers) await desk.decide(finding, "edit", Number(answers["value"]!.replace(",", ".")), answers["reason"]);
}

export async function reject(desk: Desk, finding: Finding): Promise<void> {
  if (!offers(desk, finding, "reject")) return;
  const answers = await ask({
    title: `Reject: ${finding.title}`,
    text: "A rejected value is left out of the report; the history keeps it with your reason.",
    fields: [{ name: "reason", label: "Reason", required: true, suggestions: WHY_REJECTED }],
    confirm: "Reject",
  });
  if (answers) await desk.decide(finding, "reject", undefined, answers["reason"]);
}

/** Ask for the signature, after saying what is signed. */
export async function sign(desk: Desk): Promise<boolean> {
  const exam = desk.exam;
  if (!exam) return false;
  const answers = await ask({
    title: "Sign the report",
    text: "With your name this becomes the report of the examination. It can be amended later; nothing is lost.",
    lines: contents(exam),
    fields: [{ name: "name", label: "Your name", value: person.name, required: true }],
    confirm: "Sign",
  });
  if (!answers) return false;
  return desk.sign(keepName(answers["name"] ?? ""));
}

export async function amend(desk: Desk): Promise<void> {
  const answers = await ask({
    title: "Amend the signed report",
    text: "The signed version stays in the history. After the change the report has to be signed again.",
    fields: [{ name: "reason", label: "Why is it opened again?", required: true }],
    confirm: "Open for amendment",
  });
  if (answers) await desk.amend(answers["reason"] ?? "");
}

/** Return what a signature would put into the report, line by line, and how much it leaves out. */
function contents(exam: ExamDetail): string[] {
  const kept = exam.findings.filter((one) => one.status === "accepted" || one.status === "edited");
  const out = exam.findings.filter((one) => one.status === "rejected").length;
  const several = new Set(kept.map((one) => one.recording_id)).size > 1;
  const lines = kept.map((one) => {
    const recording = several ? ` (${exam.recordings.find(({ id }) => id === one.recording_id)?.name ?? ""})` : "";
    const value = [valueText(one.value, one.uncertainty), doubtText(one.uncertainty), unitText(one.unit)].filter(
      Boolean,
    );
    return `${one.title}: ${value.join(" ")}, ${one.status}${recording}`;
  });
  return out ? [...lines, `${count(out, "finding")} rejected, left out`] : lines;
}

/** Return how many drafts are left, and how many of them have no value to accept. */
export function left(exam: ExamDetail): { drafts: number; empty: number } {
  const drafts = exam.findings.filter((one) => one.status === "draft");
  return { drafts: drafts.length, empty: drafts.filter((one) => one.value === null).length };
}

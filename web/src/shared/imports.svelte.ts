/** Files on their way into examinations: sent, read and measured. They go on when the reader turns the page. */

import { cancelJob, listJobs, readJob } from "../api/client";
import { Unreachable } from "../api/problem";
import { sendImport, type ImportForm, type Upload } from "../api/upload";
import type { Job } from "../api/types";

const ASK_EVERY_MS = 350;
const ASK_WHEN_LOST_MS = 2000;

export class Import {
  job = $state<Job>();
  sent = $state(0);
  total = $state(0);
  /** Why the files could not be taken at all. */
  error = $state("");
  cancelled = $state(false);

  #upload: Upload | undefined;
  readonly #startedAt_ms = performance.now();

  constructor(
    readonly name: string,
    private readonly ondone: (one: Import) => void,
  ) {}

  get running(): boolean {
    return !this.error && !this.cancelled && (this.job === undefined || this.job.state === "running");
  }

  /** It ended, and not everything went well. */
  get troubled(): boolean {
    return !this.running && (this.error !== "" || (this.job?.problems.length ?? 0) > 0 || this.job?.state === "failed");
  }

  /** How far it is, 0 to 1: the first tenth is sending. */
  get progress(): number {
    const sent = this.total ? this.sent / this.total : 0;
    if (!this.job) return 0.1 * sent;
    if (this.job.state === "done") return 1;
    return 0.1 + 0.9 * (this.job.total ? this.job.done / this.job.total : 0);
  }

  /** What is being done, in words. */
  get stage(): string {
    if (this.error) return this.error;
    if (this.cancelled || this.job?.state === "cancelled") return "Cancelled. Nothing of it was kept half-done.";
    if (!this.job) return this.sent < this.total || !this.total ? "Sending" : "Handing over";
    if (this.job.state === "failed") return "Nothing could be imported";
    return this.job.state === "done" ? "Imported and measured" : this.job.stage;
  }

  /** Seconds to go, when that can be said. */
  get rest_s(): number | null {
    if (this.job) return this.job.seconds_left ?? null;
    const passed = (performance.now() - this.#startedAt_ms) / 1000;
    return this.sent > 0 && passed > 1 ? (passed * (this.total - this.sent)) / this.sent : null;
  }

  async send(form: ImportForm): Promise<void> {
    this.total = form.files.reduce((sum, { file }) => sum + file.size, 0);
    this.#upload = sendImport(form, (sent, total) => {
      this.sent = sent;
      this.total = total;
    });
    try {
      await this.follow(await this.#upload.job);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") this.cancelled = true;
      else this.error = error instanceof Error ? error.message : String(error);
    }
    this.ondone(this);
  }

  /** Watch a job until it ends, through lost connections too. */
  async follow(job: Job): Promise<void> {
    this.job = job;
    while (this.job.state === "running") {
      try {
        this.job = await readJob(this.job.id);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        await pause(ASK_WHEN_LOST_MS);
      }
      await pause(ASK_EVERY_MS);
    }
  }

  async cancel(): Promise<void> {
    if (this.job) this.job = await cancelJob(this.job.id);
    else this.#upload?.cancel();
  }
}

export const imports = $state<{ list: Import[] }>({ list: [] });

/** Send files, and keep the import in the list. `ondone` is called when it ended, well or not. */
export function startImport(name: string, form: ImportForm, ondone: (one: Import) => void): Import {
  const one = new Import(name, ondone);
  imports.list = [one, ...imports.list];
  void one.send(form);
  return one;
}

/** Watch a job that the server began for us, and keep it in the list. */
export function watchImport(name: string, job: Job, ondone: (one: Import) => void): Import {
  const one = new Import(name, ondone);
  imports.list = [one, ...imports.list];
  void one.follow(job).then(() => ondone(one));
  return one;
}

/** Pick up what another page, or this one before it was loaded again, had started. */
export async function resumeImports(ondone: (one: Import) => void): Promise<void> {
  const running = (await listJobs()).filter((job) => job.kind === "import" && job.state === "running");
  const known = new Set(imports.list.map((one) => one.job?.id));
  for (const job of running.filter(({ id }) => !known.has(id))) {
    const one = new Import("Files sent earlier", ondone);
    imports.list = [...imports.list, one];
    void one.follow(job).then(() => ondone(one));
  }
}

/** Take an ended import off the list. */
export function forget(one: Import): void {
  imports.list = imports.list.filter((other) => other !== one);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

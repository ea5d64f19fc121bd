/** Sending files, with progress: the one request that fetch cannot do, because it does not tell how far it is. */

import { Problem, problemOf, Unreachable } from "./problem";
import type { Job } from "./types";

export interface ImportForm {
  readonly files: readonly { readonly file: File; readonly path: string }[];
  readonly exam_id?: string | undefined;
  readonly title?: string | undefined;
  readonly who?: string | undefined;
  readonly pixel_spacing_mm?: number | undefined;
}

export interface Upload {
  readonly job: Promise<Job>;
  cancel(): void;
}

/** Send files; `onsent` hears how much has gone, bytes. Raises Problem, Unreachable, or AbortError when cancelled. */
export function sendImport(form: ImportForm, onsent: (sent: number, total: number) => void): Upload {
  const request = new XMLHttpRequest();
  const job = new Promise<Job>((resolve, reject) => {
    request.upload.onprogress = (event) => onsent(event.loaded, event.total);
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status === 202) resolve(body as Job);
      else reject(problemOf(request.status, body));
    };
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
  });
  request.open("POST", "/api/imports");
  request.send(encode(form));
  return { job, cancel: () => request.abort() };
}

function encode({ files, ...fields }: ImportForm): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== "") data.append(name, String(value));
  }
  for (const { file, path } of files) data.append("files", file, path);
  return data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return new Problem(0, "The answer of the server could not be read", "");
  }
}

/** What can go wrong between the page and the server, in words for its reader. */

/** The server refused, and said why (RFC 9457). */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
  ) {
    super(detail || title);
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  constructor() {
    super("EchoSpine does not answer. See that `echospine serve` is running; this page tries again by itself.");
  }
}

/** Return the Problem that a response's body describes. */
export function problemOf(status: number, body: unknown): Problem {
  const said = typeof body === "object" && body !== null ? (body as { title?: unknown; detail?: unknown }) : {};
  const title = typeof said.title === "string" ? said.title : `The server answered ${status}`;
  return new Problem(status, title, typeof said.detail === "string" ? said.detail : "");
}

/** Which page an address names. */

export type Route =
  | { readonly page: "home" | "exams" | "live" | "trends" | "studies" | "nowhere" }
  | { readonly page: "exam" | "report" | "motion" | "muscles" | "study"; readonly id: string };

/** Return the page of a path. */
export function routeOf(path: string): Route {
  const [first, id, last, ...more] = path.split("/").filter(Boolean).map(decoded);
  if (first === undefined) return { page: "home" };
  if (first === "live" && id === undefined) return { page: "live" };
  if (first === "trends" && id === undefined) return { page: "trends" };
  if (first === "studies" && last === undefined) return id === undefined ? { page: "studies" } : { page: "study", id };
  if (first !== "exams" || more.length) return { page: "nowhere" };
  if (id === undefined) return { page: "exams" };
  if (last === undefined) return { page: "exam", id };
  return last === "report" || last === "motion" || last === "muscles" ? { page: last, id } : { page: "nowhere" };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

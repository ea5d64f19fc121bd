/** Where the reader is: path and query of the address, kept in step with the browser's history. */

export const place = $state({ path: location.pathname, query: new URLSearchParams(location.search) });

addEventListener("popstate", read);

function read(): void {
  place.path = location.pathname;
  place.query = new URLSearchParams(location.search);
}

/** Go to another page. */
export function go(href: string): void {
  history.pushState(null, "", href);
  read();
}

/** Change the query of this page without a new entry in the history; an absent value takes the name away. */
export function setQuery(values: Record<string, string | number | undefined>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) query.delete(name);
    else query.set(name, String(value));
  }
  if (query.toString() === new URLSearchParams(location.search).toString()) return;
  history.replaceState(null, "", `${location.pathname}?${query}`);
}

/** Follow plain clicks on links of this page without loading it again. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
    return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname.startsWith("/api/")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

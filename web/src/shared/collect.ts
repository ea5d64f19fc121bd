/** Files from a drop or a picker, each with its path inside what was dropped, because a folder of images is one recording. */

export interface Picked {
  readonly file: File;
  /** "scan.dcm", or "series 1/image_01.png" for a file from a folder. */
  readonly path: string;
}

const LEFT_BY_SYSTEMS = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** Return all files of a drop, folders walked through. */
export async function fromDrop(transfer: DataTransfer): Promise<Picked[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return fromFiles(transfer.files);
  const nested = await Promise.all(entries.map(walk));
  return worthwhile(nested.flat());
}

/** Return the files of a picker. */
export function fromFiles(files: FileList | readonly File[]): Picked[] {
  return worthwhile([...files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

function worthwhile(picked: readonly Picked[]): Picked[] {
  return picked.filter(({ file }) => !LEFT_BY_SYSTEMS.has(file.name));
}

async function walk(entry: FileSystemEntry): Promise<Picked[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) return [{ file: await fileOf(entry as FileSystemFileEntry), path }];
  const inside = await entriesOf((entry as FileSystemDirectoryEntry).createReader());
  return (await Promise.all(inside.map(walk))).flat();
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A reader gives its entries in batches (of 100 in Chromium), and an empty one at the end. */
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}

/** Return what people would call a pick: its file, its folder, or how many files there are. */
export function nameOf(picked: readonly Picked[]): string {
  const first = picked[0];
  if (!first) return "";
  if (picked.length === 1) return first.path;
  const folder = first.path.includes("/") ? first.path.split("/")[0]! : "";
  const shared = folder && picked.every(({ path }) => path.startsWith(`${folder}/`));
  return shared ? `${folder} (${picked.length} files)` : `${first.file.name} and ${picked.length - 1} more`;
}

/** What was dropped, as files: single ones as they are, folders with the pictures in them. */

export interface Dropped {
  readonly files: readonly File[];
  /** Whether a folder had more pictures than are taken at a time. */
  readonly isCut: boolean;
  /** Whether there was a folder at all. */
  readonly hasFolder: boolean;
}

/**
 * The files of a drop, at most so many from its folders, in the order of their names.
 * To be called while the drop is handled: afterwards browsers have emptied the transfer.
 */
export async function filesOf(transfer: DataTransfer, most: number): Promise<Dropped> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const hasFolder = entries.some((entry) => entry?.isDirectory);
  if (!hasFolder) return { files: [...transfer.files], isCut: false, hasFolder };
  const files: File[] = [];
  // One more than is taken tells that there are more.
  await collect(
    entries.filter((entry) => entry !== null),
    files,
    most + 1,
    () => true,
  );
  return { files: files.slice(0, most), isCut: files.length > most, hasFolder };
}

async function collect(
  entries: readonly FileSystemEntry[],
  into: File[],
  most: number,
  isWanted: (file: File) => boolean,
): Promise<void> {
  for (const entry of entries) {
    if (into.length >= most) return;
    if (entry.isDirectory) {
      await collect(await childrenOf(entry as FileSystemDirectoryEntry), into, most, isPicture);
    } else {
      const file = await fileOf(entry as FileSystemFileEntry);
      if (file && isWanted(file)) into.push(file);
    }
  }
}

/** A folder has much besides pictures, and beside each a "._" file where macOS has copied it. */
function isPicture({ name, type }: File): boolean {
  return type.startsWith("image/") && !name.startsWith(".");
}

async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  // Chromium hands out a hundred at a time, and an empty list at the end; what cannot be read is as empty.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) break;
    children.push(...some);
  }
  return children.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}

function fileOf(entry: FileSystemFileEntry): Promise<File | null> {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)));
}

/**
 * The two ways in which a command ends badly. Each is one line: what was given, where, and what was
 * expected.
 */

/** The thing asked for failed: exit code 1. */
export class Failed extends Error {}

/** Bad usage or bad input, and nothing was changed by it: exit code 2. */
export class Usage extends Error {}

/** Why a call of the system failed, in words. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    ENOENT: "there is no such file or folder",
    EACCES: "permission denied",
    EPERM: "not permitted",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of the path is no folder",
    ENOSPC: "the disk is full",
    EROFS: "the disk is read-only",
  };
  return words[code ?? ""] ?? message;
}

// Boards by their names, which are also their addresses: a look-up of 8 to 20 bytes a board instead
// of a `Map` of 37 and more, beside the list that there is of them in any case.

import { hashOfText, Lookup } from "../gateway/lookup.ts";
import type { Board } from "./board.ts";

export class Names {
  private readonly boards: readonly Board[];
  private readonly numbers = new Lookup();
  /** Boards whose name is another one's now. */
  private hidden = 0;

  /** @param boards by number */
  constructor(boards: readonly Board[]) {
    this.boards = boards;
  }

  get size(): number {
    return this.boards.length - this.hidden;
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  get(name: string): Board | undefined {
    return this.find(name);
  }

  /** The board is known by its name from now on; nobody else is. */
  add(board: Board): void {
    const hash = hashOfText(board.name);
    const other = this.find(board.name);
    if (other) {
      this.numbers.remove(other.number, hash);
      this.hidden++;
    }
    this.numbers.add(board.number, hash);
  }

  *values(): IterableIterator<Board> {
    for (const board of this.boards) if (this.find(board.name) === board) yield board;
  }

  private find(name: string): Board | undefined {
    const { numbers, boards } = this;
    for (let place = numbers.first(hashOfText(name)); place >= 0; place = numbers.next(place)) {
      const board = boards[numbers.slot(place)]!;
      if (board.name === name) return board;
    }
    return undefined;
  }
}

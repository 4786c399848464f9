/** What is due in the crash storm, and whose it is: the timers of a process die with it. */

export interface Timer {
  readonly at: number;
  readonly call: () => void;
  /** Undefined: the world's own. */
  readonly owner: object | undefined;
}

export class Timers {
  #all: Timer[] = [];

  /** @returns takes it back */
  add(at: number, call: () => void, owner?: object): () => void {
    const timer = { at, call, owner };
    this.#all.push(timer);
    return () => this.#drop((other) => other === timer);
  }

  /** The first that is due, the oldest of those at one instant. */
  get next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#all) if (next === undefined || timer.at < next.at) next = timer;
    return next;
  }

  take(timer: Timer): void {
    this.#drop((other) => other === timer);
    timer.call();
  }

  /** Its owner is dead. */
  forget(owner: object): void {
    this.#drop((timer) => timer.owner === owner);
  }

  #drop(which: (timer: Timer) => boolean): void {
    this.#all = this.#all.filter((timer) => !which(timer));
  }
}

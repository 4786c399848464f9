/**
 * Who is not told of: mutes and maintenances, each of one device or of one site.
 *
 * What opens while its device is quiet is not told, and what is still open when the quiet ends is
 * told then, once (outbox.ts). Both kinds are alike in this; which of them it was is kept with the
 * incident: a maintenance is work that was announced, a mute is an owner who knows already. What
 * lost: a mute that swallows for good, which hides the death of the one device that somebody was
 * tired of hearing about.
 */

import type { Incident, Quiet } from "./affairs.ts";
import type { Draft } from "./effects.ts";
import { idText } from "./enrolment.ts";
import { SITE_MAX } from "./limits.ts";
import type { Subject } from "./subject.ts";

/** Targets that are quiet at once. */
export const QUIETS_MAX = 10_000;
/** Quiet for so long at most, in ms; or without an end. */
export const QUIET_MAX_MS = 366 * 86_400_000;

/** As incidents name their scope. */
export const deviceTarget = (id: number): string => `device:${idText(id)}`;
export const siteTarget = (site: string): string => `site:${site}`;

export class Quiets {
  readonly #quiets = new Map<string, Quiet>();
  /** The next end; undefined: to be looked for. */
  #next: number | undefined;
  #ended = false;

  constructor(quiets: readonly Quiet[]) {
    for (const quiet of quiets) this.#quiets.set(quiet.target, quiet);
  }

  /** The next end of one; at once after one was taken away, until `expire` has looked. */
  get wakeAt(): number {
    if (this.#ended) return -Infinity;
    if (this.#next === undefined) {
      this.#next = Infinity;
      for (const { untilAt } of this.#quiets.values()) {
        this.#next = Math.min(this.#next, untilAt ?? Infinity);
      }
    }
    return this.#next;
  }

  get list(): Quiet[] {
    return [...this.#quiets.values()];
  }

  /**
   * A new quiet of a target takes the place of the one it had.
   * @param untilAt null: until it is taken away
   * @throws RangeError where it ends in the past, or where there are too many
   */
  set(
    target: string,
    kind: Quiet["kind"],
    untilAt: number | null,
    now: number,
    draft: Draft,
  ): void {
    if (untilAt !== null && !(untilAt > now && untilAt <= now + QUIET_MAX_MS)) {
      throw new RangeError(`an end in ${untilAt - now} ms; expected 1 to ${QUIET_MAX_MS}`);
    }
    if (target.length > SITE_MAX + "device:".length) {
      throw new RangeError(`a target of ${target.length} characters; expected a device or a site`);
    }
    if (this.#quiets.size >= QUIETS_MAX && !this.#quiets.has(target)) {
      throw new RangeError(`${QUIETS_MAX} targets are quiet; expected fewer (QUIETS_MAX)`);
    }
    const quiet: Quiet = { target, kind, fromAt: now, untilAt };
    this.#quiets.set(target, quiet);
    this.#next = undefined;
    draft.store({ kind: "quiet", target, quiet });
  }

  /** @returns whether there was one */
  end(target: string, draft: Draft): boolean {
    const was = this.#quiets.delete(target);
    this.#next = undefined;
    this.#ended ||= was;
    if (was) draft.store({ kind: "quiet", target, quiet: null });
    return was;
  }

  /** Takes away those that are over. */
  expire(now: number, draft: Draft): void {
    for (const { target, untilAt } of this.#quiets.values()) {
      if (untilAt !== null && untilAt <= now) this.end(target, draft);
    }
    this.#ended = false;
  }

  /**
   * What keeps an incident from being told: a quiet of what broke, or of every device in it.
   * @param subjects its devices
   */
  over({ scope }: Incident, subjects: readonly Subject[], now: number): Quiet["kind"] | undefined {
    const own = this.#at(scope, now);
    if (own !== undefined || this.#quiets.size === 0) return own;
    let kind: Quiet["kind"] | undefined;
    for (const { id, site } of subjects) {
      const quiet = this.#at(deviceTarget(id), now) ?? this.#at(siteTarget(site), now);
      if (quiet === undefined) return undefined;
      kind ??= quiet;
    }
    return kind;
  }

  #at(target: string, now: number): Quiet["kind"] | undefined {
    const quiet = this.#quiets.get(target);
    return quiet === undefined || (quiet.untilAt ?? Infinity) <= now ? undefined : quiet.kind;
  }
}

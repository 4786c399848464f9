/**
 * A report in a real browser: at the width of a telephone and of a desk, light and dark, on paper.
 * What a reader of markup cannot see: whether words fit into their pictures and the page into its
 * window, and whether the browser has anything to complain of.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareHtml } from "../../sim/report/compare.ts";
import { reportHtml, reportSvg } from "../../sim/report/html.ts";
import { sample } from "../sim/report-rig.ts";
import { chromium, complaintsOf, launch } from "./chromium.ts";

const binary = chromium();
if (!binary) console.warn("no Chromium on the PATH: reports are not looked at in a browser");

const folder = mkdtempSync(join(tmpdir(), "nextbeat-report-"));
const seeds = (n: number, more = {}) =>
  Array.from({ length: n }, (_, i) => sample({ seed: i + 1, ...more }));

const LONG = ["outdoor-sensors-behind-the-barn", "porch", "garage", "meadow"];
const PAGES: Record<string, string> = {
  "one.html": reportHtml([sample({ bad: true, groups: LONG })]),
  "many.html": reportHtml([...seeds(8), ...seeds(2, { scenario: "other", groups: LONG })]),
  "compare.html": compareHtml(seeds(4), seeds(4, { loss: 0.2 }), ["before", "after"]),
  "detection.svg": reportSvg(seeds(3), "detection")!,
};

/** By how much the page is wider than its window. */
const ACROSS = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
/** Words that stand out of their picture by more than a pixel, and pictures that are not shown. */
const STRAYS = `(() => {
  const plots = [...document.querySelectorAll(".plot")];
  const shown = (svg) => getComputedStyle(svg).display !== "none";
  const wrong = plots.filter((plot) => [...plot.children].filter(shown).length !== 1);
  const out = plots.flatMap((plot) => [...plot.children].filter(shown)).flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].flatMap((text) => {
      const box = text.getBoundingClientRect();
      const inside = box.left >= frame.left - 1 && box.right <= frame.right + 1
        && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
      return inside ? [] : [svg.getAttribute("aria-label") + ": " + text.textContent];
    });
  });
  return [...wrong.map((plot) => "not one picture in " + plot.parentNode.textContent), ...out];
})()`;

describe.skipIf(!binary)("a report in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    for (const [name, text] of Object.entries(PAGES)) writeFileSync(join(folder, name), text);
    browser = await launch(binary!);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (name: string, width: number) => {
    const viewport = { width, height: 900 };
    const page = await browser.newPage({ viewport, isMobile: width < 600 });
    const complaints = complaintsOf(page);
    await page.goto(pathToFileURL(join(folder, name)).href);
    return { page, complaints };
  };

  it.each(
    ["one.html", "many.html", "compare.html"].flatMap((name) =>
      [390, 820, 1280].map((width) => [name, width] as const),
    ),
  )("%s fits %i px, and every word its picture", async (name, width) => {
    const { page, complaints } = await open(name, width);
    expect(await page.evaluate(ACROSS)).toBe(0);
    expect(await page.evaluate(STRAYS)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("is dark where the reader wants it, and white on paper", async () => {
    const { page } = await open("one.html", 1280);
    const ground = () =>
      page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    await page.emulateMedia({ media: "screen", colorScheme: "light" });
    expect(await ground()).toBe("rgb(242, 244, 241)");
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    expect(await ground()).toBe("rgb(15, 21, 20)");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await ground()).toBe("rgba(0, 0, 0, 0)");
    expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(23, 33, 29)");
    expect(await page.evaluate(STRAYS)).toEqual([]);
    await page.close();
  });

  it("gives a picture that stands alone", async () => {
    const { page, complaints } = await open("detection.svg", 800);
    expect(await page.evaluate("document.documentElement.tagName")).toBe("svg");
    const stroke = `getComputedStyle(document.querySelector(".line")).stroke`;
    expect(await page.evaluate(stroke)).toMatch(/^rgb\((?!0, 0, 0)/);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

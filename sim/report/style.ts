// How a report looks: the dashboard's family (gateway/web/dashboard.css), ink on a quiet ground,
// statuses in its five colours. Series of a picture have six colours that stay apart for every kind
// of colour blindness (least distance 12 in OKLab x 100, simulated), and names at their lines.
// Dark is only for screens: paper is white. One string, because a report is one file.

const LIGHT = `
  --ground: #f2f4f1; --surface: #fbfcfa; --ink: #17211d; --quiet: #56635d; --line: #dde3df;
  --edge: #78867e; --present: #13795b; --late: #8f5400; --absent: #b3261e; --left: #4559a0;
  --unknown: #626e69; --s1: #385bc3; --s2: #ca6f28; --s3: #1ca18d; --s4: #71176e; --s5: #5c5200;
  --s6: #a43c3e; --fault: #b3261e; --shade: 7%; --layer-present: #a9d6c3; --layer-late: #e0a94a;
  --layer-absent: #c2372e; --layer-left: #8796cf; --layer-unknown: #d3d9d5; --deep: #a4b2ab;`;

const DARK = `
  --ground: #0f1514; --surface: #161e1c; --ink: #e3eae6; --quiet: #97a59e; --line: #27322f;
  --edge: #66756e; --present: #4fc39a; --late: #e8b04b; --absent: #ff7d6e; --left: #9db0f2;
  --unknown: #93a19b; --s1: #6fa3ea; --s2: #e0a05f; --s3: #acf1de; --s4: #b083ac; --s5: #f4d22b;
  --s6: #d65a1c; --fault: #ff7d6e; --shade: 10%; --layer-present: #1f5c49; --layer-late: #d29a35;
  --layer-absent: #c4574a; --layer-left: #6274b8; --layer-unknown: #323d39; --deep: #5c6a64;`;

const PAGE = `
* { box-sizing: border-box; }
html { background: var(--ground); color-scheme: light dark; }
body { margin: 0 auto; max-width: 75.5rem; padding: 1.25rem clamp(1rem, 3vw, 2.5rem) 3rem;
  color: var(--ink); font: 0.9375rem/1.45 var(--sans); font-variant-numeric: tabular-nums;
  -webkit-text-size-adjust: 100%; }
h1, h2, h3, p, figure, dl, dd, ul, ol { margin: 0; padding: 0; }
a { color: inherit; text-decoration-color: var(--edge); text-underline-offset: 0.15em; }
code, .last { font: 0.8125rem/1.5 var(--mono); overflow-wrap: anywhere; }
.brand { display: flex; align-items: center; gap: 0.5rem; font-weight: 650; color: var(--quiet);
  font-size: 0.8125rem; margin-bottom: 1.25rem; }
.hatches { position: absolute; width: 0; height: 0; }
.brand svg { width: 1.25rem; height: 1.25rem; color: var(--present); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem;
  margin: 0 0 1.5rem; }
section + section { margin-top: 3.5rem; border-top: 1px solid var(--line); padding-top: 2.5rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; font-weight: 650;
  overflow-wrap: anywhere; }
.about { max-width: 44rem; color: var(--quiet); margin-top: 0.375rem; font-size: 1rem; }
.verdict { display: flex; align-items: baseline; gap: 0.625rem; margin-top: 1.25rem;
  font-size: 1.125rem; font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.75rem; margin-top: 0.75rem;
  font-size: 0.8125rem; }
.facts div { display: flex; gap: 0.4rem; min-width: 0; }
dt { color: var(--quiet); flex: none; }
h2 { font-size: 0.8125rem; font-weight: 600; color: var(--quiet); margin: 2.25rem 0 0.625rem; }
.good { color: var(--present); } .bad { color: var(--absent); } .open { color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; }
th { font-weight: 600; text-align: start; color: var(--quiet); font-size: 0.8125rem;
  white-space: nowrap; }
th, td { padding: 0.3125rem 0; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th + th, td + td { padding-inline-start: 1.5rem; }
.n { text-align: end; white-space: nowrap; }
.topics th:first-child { color: var(--ink); }
.wide-table { width: 100%; }
.sign { width: 1rem; } .sign + td { padding-inline-start: 0.5rem; }
.seeds { display: inline-flex; flex-wrap: wrap; gap: 3px; }
.seeds i { width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--present); }
.seeds i.missed { background: none; border: 2px solid var(--absent); border-radius: 0; }
.topics { columns: 1; column-gap: 2.5rem; } .topics > div { break-inside: avoid;
  padding-bottom: 1.5rem; } .topics table { width: 100%; }
.topics td + td, .topics th + th { padding-inline-start: 1rem; }
.topics td:first-child, .topics th:first-child, .first td:first-child { white-space: nowrap;
  position: sticky; left: 0; background: var(--ground); padding-inline-end: 0.5rem; }
details { border-bottom: 1px solid var(--line); padding: 0.5rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
details p, details ol { margin: 0.375rem 0 0.375rem 1.125rem; }
.last { list-style: none; color: var(--quiet); } .last li:last-child { color: var(--ink); }
.scroll + .figures { margin-top: 3rem; }
.figures { display: grid; gap: 2.5rem 2.5rem; margin-top: 2.25rem;
  grid-template-columns: minmax(0, 1fr); }
figure { min-width: 0; max-width: 36rem; } figure.wide { max-width: none; }
h3 { font-size: 1rem; font-weight: 650; letter-spacing: -0.005em; }
figcaption { color: var(--quiet); font-size: 0.8125rem; margin-top: 0.375rem; max-width: 44rem;
  overflow-wrap: anywhere; }
.of { color: var(--quiet); font-weight: 400; }
.key { list-style: none; display: flex; flex-wrap: wrap; gap: 0.125rem 1.125rem;
  font-size: 0.75rem; color: var(--quiet); margin: 0.25rem 0 0.25rem; }
.key li { display: flex; align-items: center; gap: 0.375rem; }
.key svg { width: 16px; height: 12px; }
.plot { margin-top: 0.5rem; } .plot > svg { width: 100%; height: auto; display: none; }
.plot > .s { display: block; }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; }
.pair { display: grid; gap: 1.25rem 2.5rem; grid-template-columns: minmax(0, 1fr);
  grid-column: 1 / -1; }
@media (min-width: 40rem) { .plot > .s { display: none; } .plot > .m { display: block; } }
@media (min-width: 74rem) { .topics { columns: 2; }
  .figures, .pair { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  figure.wide { grid-column: 1 / -1; }
  figure.wide .m { display: none; } figure.wide .l { display: block; } }
@media print { :root { --ground: #fff; } body { padding: 0; font-size: 9pt; }
  figure, tr, details { break-inside: avoid; }
  .plot > .s, .plot > .l { display: none !important; }
  .plot > .m { display: block !important; } html { background: none; } }`;

const PICTURE = `
svg text { font: 11px var(--sans); fill: var(--quiet); font-variant-numeric: tabular-nums; }
svg .strong, svg .row-name, svg .lane-name, svg .rail-name, svg .frame-text { fill: var(--ink); }
svg .row-name, svg .rail-name { font-weight: 600; font-size: 12px; }
svg .name { fill: var(--c); font-weight: 600; }
svg .halo { paint-order: stroke; stroke: var(--ground); stroke-width: 4px;
  stroke-linejoin: round; }
.grid { stroke: var(--line); fill: none; } .base, .mark { stroke: var(--edge); fill: none; }
.s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); } .s4 { --c: var(--s4); }
.s5 { --c: var(--s5); } .s6 { --c: var(--s6); }
.present { --c: var(--present); } .late { --c: var(--late); } .absent { --c: var(--absent); }
.left { --c: var(--left); } .unknown { --c: var(--unknown); }
.line { stroke: var(--c); stroke-width: 2px; fill: none; stroke-linejoin: round; }
.thin { stroke-width: 1.25px; } .filled { fill: var(--c); fill-opacity: 0.2; }
.dots { stroke-width: 1.5px; stroke-dasharray: 0.1 4; stroke-linecap: round; }
.dashed .line, .theory { stroke-dasharray: 5 3; } .theory { stroke-width: 1.5px; }
.area { fill: var(--c); opacity: 0.16; } .band { fill: var(--c); opacity: 0.2; }
.promise { stroke: var(--ink); stroke-dasharray: 2 3; fill: none; }
.promised { fill: var(--ink); opacity: 0.06; }
.whisker { stroke: var(--c); stroke-width: 1.5px; fill: none; } .dot { fill: var(--c); }
.dot.open { fill: var(--ground); stroke: var(--c); stroke-width: 1.75px; }
.ring { fill: none; stroke: var(--c); stroke-width: 1.75px; }
.shade { fill: var(--fault); opacity: var(--shade); } .fault { fill: var(--fault); opacity: 0.75; }
.layer { shape-rendering: crispEdges; stroke: none; }
.layer.present { fill: var(--layer-present); } .layer.late { fill: var(--layer-late); }
.layer.absent { fill: var(--layer-absent); } .layer.left { fill: var(--layer-left); }
.layer.unknown { fill: var(--layer-unknown); }
.told { fill: var(--c); shape-rendering: crispEdges; } .tell { fill: transparent; }
.tell rect:hover { fill: var(--ink); fill-opacity: 0.07; }
.beat-mark { stroke: var(--quiet); stroke-width: 1px; fill: none; }
.ack { stroke: var(--edge); } .retry { stroke: var(--s1); } .other { stroke: var(--edge); }
.hello, .welcome { stroke: var(--s4); stroke-width: 2px; }
.lost-up, .lost-down { stroke: var(--absent); stroke-width: 1.5px; }
.asleep { fill: var(--left); opacity: 0.08; } .off, .cut { fill: url(#hatch); }
.off { fill: url(#hatch-off); }
.state { stroke: var(--ground); stroke-width: 1px; fill: var(--s4); }
.deep, .state.off { fill: var(--deep); } .light { fill: var(--s1); } .awake { fill: var(--s2); }
.rx { fill: var(--s3); } .boot { fill: var(--s5); } .join { fill: var(--s4); }
.tx { fill: var(--s6); }
.quartiles { fill: var(--c); fill-opacity: 0.22; stroke: var(--c); }
.median { stroke: var(--c); stroke-width: 2.5px; } .speck { fill: var(--c); opacity: 0.55; }
.rail { stroke: var(--edge); stroke-width: 1.5px; fill: none; }
.skipped { stroke-dasharray: 1.5 3; }
.flight { stroke: var(--s1); stroke-width: 1.5px; } .head, .foot { fill: var(--s1); }
.down .flight { stroke: var(--s3); } .down .head, .down .foot { fill: var(--s3); }
.lost .flight { stroke: var(--absent); stroke-dasharray: 4 3; } .lost .foot { fill: var(--absent); }
.cross { stroke: var(--absent); stroke-width: 2px; fill: none; }
svg .wait { font-style: italic; }
.forest { vertical-align: middle; } .nil { stroke: var(--edge); }
.reach { stroke: var(--c); stroke-width: 2px; }
.better { --c: var(--present); } .worse { --c: var(--absent); } .changed { --c: var(--s1); }
.undecided { --c: var(--edge); }`;

/** The whole of the CSS, for a page and for pictures that stand alone. */
export const STYLE = `:root {${LIGHT}
  --sans: -apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Roboto,
    Cantarell, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; }
@media screen and (prefers-color-scheme: dark) { :root {${DARK} } }
${PAGE}${PICTURE}
`;

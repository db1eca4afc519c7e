"""The style of the audit page: light and dark by what the reader prefers."""

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1c2128; --quiet: #59636e;
  --line: #d5dbe1; --card: #f6f8fa; --manager: #8250df; --worker: #0a66c2; --good: #1a7f37;
  --bad: #c4212d; --open: #8b949e; --alert: #fff4ce; }
@media (prefers-color-scheme: dark) { :root { --ground: #11151a; --text: #e2e7ec;
  --quiet: #98a2ad; --line: #353d46; --card: #1a2027; --manager: #b18af8; --worker: #5aa9f7;
  --good: #46b95a; --bad: #f26d68; --open: #6e7781; --alert: #3d3110; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--ground);
  color: var(--text); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
.wide, figure { overflow-x: auto; } td { overflow-wrap: anywhere; min-width: 3.5rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, figcaption { color: var(--quiet); margin: .25rem 0; } figure { margin: 0; }
.cards { display: grid; gap: .75rem; margin: 1.25rem 0;
  grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
.cards div { background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: .6rem .8rem; }
.cards dt { color: var(--quiet); font-size: .85rem; }
.cards dd { margin: 0; font-size: 1.35rem; font-weight: 600; }
.alert { background: var(--alert); color: var(--text); border-left: 4px solid var(--bad);
  padding: .5rem .8rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--quiet); }
svg { display: block; width: 100%; min-width: 34rem; height: auto; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .name { text-anchor: end; } svg .words, svg .tick { fill: var(--quiet); }
svg .end { text-anchor: end; } svg .mid { text-anchor: middle; }
svg .grid { stroke: var(--line); stroke-width: 1; }
.manager { fill: var(--manager); background: var(--manager); }
.worker { fill: var(--worker); background: var(--worker); }
.good { fill: var(--good); background: var(--good); }
.bad { fill: var(--bad); background: var(--bad); }
.open { fill: var(--open); background: var(--open); }
svg .bad { stroke: var(--text); stroke-width: 1; stroke-dasharray: 3 2; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px;
  margin: 0 .3em 0 .8em; }
.key:first-child { margin-left: 0; }
"""

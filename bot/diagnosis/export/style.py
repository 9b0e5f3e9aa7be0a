"""How the page of an investigation looks: on a phone, on paper, in light and in dark."""

STYLE = """
:root{--bg:#fff;--ink:#1d1c1d;--quiet:#5b5d63;--line:#dcdde0;--soft:#f5f6f8;--ok:#1a7f4b;
--bad:#c0262d;--warn:#b25e00;--info:#2166b1;--odd:#7a3db8}
@media (prefers-color-scheme:dark){:root{--bg:#17191c;--ink:#e8e9eb;--quiet:#a4a8af;
--line:#383c42;--soft:#202328;--ok:#4cc38a;--bad:#ff6b6b;--warn:#f0a04b;--info:#6cb2ff;
--odd:#c79bff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:52rem;margin:0 auto;padding:1rem 1rem 3rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.2rem 0 .6rem}
h2{font-size:1.15rem;margin:2rem 0 .6rem;padding-top:.8rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:0 0 .3rem}
p{margin:.4rem 0}ul,ol{margin:.4rem 0;padding-left:1.2rem}li{margin:.3rem 0}
header{border-left:.35rem solid var(--ok);padding-left:.8rem}
header.error{border-color:var(--bad)}header.warn{border-color:var(--warn)}
header.unknown{border-color:var(--quiet)}
.mark{display:inline-block;width:.8em;height:.8em;border-radius:50%;background:var(--ok)}
.error .mark{background:var(--bad)}.warn .mark{background:var(--warn);border-radius:.15em}
.unknown .mark{background:none;border:.2em solid var(--quiet)}
.kind,.quiet,small{color:var(--quiet)}.kind,.quiet{font-size:.875rem;margin:.2rem 0}
.chip{display:inline-block;border:1px solid var(--ok);color:var(--ok);border-radius:1rem;
padding:.1rem .7rem;font-size:.875rem}.chip.open{border-color:var(--warn);color:var(--warn)}
.bad{color:var(--bad);font-weight:600}
code,pre{font:.8125rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
background:var(--soft);border-radius:.25rem}
code{padding:.1rem .3rem}pre{padding:.7rem;white-space:pre-wrap;margin:.3rem 0 1rem}
.funnel{display:grid;grid-template-columns:max-content 1fr;gap:.35rem .7rem;margin:0}
.funnel dt{color:var(--quiet);font-size:.875rem}
.funnel dd{margin:0;display:grid;grid-template-columns:minmax(3rem,24rem) 8.6rem;gap:.5rem;
align-items:center}
.track{height:.9rem;background:var(--soft);border-radius:.2rem;overflow:hidden;display:block}
.bar{display:block;height:100%;background:var(--info)}.bar.lost{background:var(--bad)}
.strip{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.5rem .6rem}
.strip li{margin:0}.strip span{display:flex;flex-wrap:wrap;gap:2px;max-width:16rem}
.strip small{font-size:.6875rem;display:block}
.strip i,.legend i{display:inline-block;width:.75rem;height:.75rem;border-radius:2px;
background:var(--ok);border:1px solid transparent}
i.failed{background:var(--bad)!important;clip-path:polygon(0 0,100% 0,100% 100%,60% 100%,50% 60%,
40% 100%,0 100%)}
i.requeued{background:var(--warn)!important;border-radius:50%!important}
i.rejected{background:var(--odd)!important}i.expired{background:var(--quiet)!important}
i.unseen{background:none!important;border-color:var(--quiet)!important}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.875rem}
article{border-left:.2rem solid var(--line);padding-left:.8rem;margin:.8rem 0;
break-inside:avoid}
article.error{border-color:var(--bad)}article.warn{border-color:var(--warn)}
.line{font-size:.8125rem;color:var(--quiet)}.line code{display:block;color:var(--ink)}
.timeline{list-style:none;padding:0}
.timeline li{display:grid;grid-template-columns:max-content 1fr;gap:0 .8rem;
border-left:.2rem solid var(--line);padding:.1rem 0 .1rem .8rem}
.timeline time{font-variant-numeric:tabular-nums;color:var(--quiet);font-size:.875rem}
.timeline .failed{border-color:var(--bad)}.timeline .failed b{color:var(--bad)}
.checks{list-style:none;padding:0}
.facts{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.15rem .9rem;
font-size:.875rem;margin:.6rem 0}.facts dt{color:var(--quiet)}.facts dd{margin:0}
@media (max-width:30rem){.timeline li{grid-template-columns:1fr}.funnel{gap:.25rem .5rem}
.funnel dd{grid-template-columns:minmax(3rem,24rem) 6.2rem}}
@page{size:A4;margin:16mm 15mm 18mm}
@media print{:root{--bg:#fff;--ink:#000;--quiet:#444;--line:#bbb;--soft:#f2f2f2;--ok:#1a7f4b;
--bad:#c0262d;--warn:#b25e00;--info:#2166b1;--odd:#7a3db8}
body{font-size:11pt}main{max-width:none;padding:0}h1,h2,h3{break-after:avoid}
p,li{orphans:3;widows:3}.strip,.legend{break-before:avoid}
.funnel,.strip,.strip li,.legend,.timeline li,.checks li,.facts,article,header,pre,tr{
break-inside:avoid}
i,.bar,.track{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

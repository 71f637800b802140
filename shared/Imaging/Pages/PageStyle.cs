namespace BrainMVP.Federated.Imaging.Pages;

/// <summary>Style of the pages that people open in a browser: light and dark, small screens, paper.</summary>
public static class PageStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1a2027;--soft:#55606d;--rule:#d5dae1;--accent:#1f5fa8;--good:#1b7a43;--goodback:#e2f3e8;--bad:#b3261e;--badback:#fbe6e4;--warn:#8a5300;--warnback:#fdf0d9}
        @media (prefers-color-scheme:dark){:root{--page:#12161b;--card:#1b2128;--ink:#e7ebf0;--soft:#a5b0bd;--rule:#37414c;--accent:#7db4f5;--good:#6fd39a;--goodback:#17362a;--bad:#ff9b92;--badback:#451c1a;--warn:#f2bf6b;--warnback:#3a2b12}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
        main{max-width:1180px;margin:0 auto;padding:24px 20px 60px}
        h1{font-size:1.75rem;line-height:1.2;margin:0 0 4px}h2{font-size:1.25rem;margin:32px 0 12px}h3{font-size:1.1rem;margin:0;overflow-wrap:anywhere}h4{font-size:.95rem;margin:0 0 6px}
        p{margin:0 0 8px}.soft,figcaption{color:var(--soft)}a{color:var(--accent)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px;margin:18px 0}
        .tile,.case,.panel{background:var(--card);border:1px solid var(--rule);border-radius:10px}
        .tile{padding:12px 16px}.tile b{display:block;font-size:1.9rem;line-height:1.15;font-variant-numeric:tabular-nums}.tile.good b{color:var(--good)}.tile.bad b{color:var(--bad)}.tile.warn b{color:var(--warn)}
        .panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:12px}.panel{padding:14px 16px;min-width:0}
        svg{display:block;width:100%;height:auto}svg text{font-size:13px;fill:var(--soft);font-family:inherit}svg text.limit{fill:var(--bad)}svg .axis{stroke:var(--soft)}svg line.limit{stroke:var(--bad);stroke-dasharray:4 3}svg .good{fill:var(--accent);fill-opacity:.75}svg .bad{fill:var(--card);stroke:var(--bad);stroke-width:1.6}
        caption{text-align:left;padding-top:6px}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top}th{font-weight:600;color:var(--soft);font-size:.85rem;white-space:nowrap}td.number,th.number{text-align:right}tbody tr:last-child>*{border-bottom:0}
        .wide{overflow-x:auto}.wide table{font-size:.88rem}.wide td{white-space:nowrap}.wide td.path{white-space:normal;overflow-wrap:anywhere;min-width:16ch}
        .badge{display:inline-block;border-radius:999px;padding:1px 10px;font-size:.82rem;font-weight:600;white-space:nowrap}.badge.good{color:var(--good);background:var(--goodback)}.badge.bad{color:var(--bad);background:var(--badback)}.badge.warn{color:var(--warn);background:var(--warnback)}
        .tools{display:none;gap:10px 14px;flex-wrap:wrap;align-items:end;margin:0 0 12px}.scripted .tools{display:flex}.tools label{display:grid;gap:2px;font-size:.85rem;color:var(--soft)}.tools input,.tools select{font:inherit;padding:6px 10px;border:1px solid var(--soft);border-radius:6px;background:var(--card);color:var(--ink);max-width:100%}
        .case{padding:16px 18px;margin:0 0 16px;content-visibility:auto;contain-intrinsic-size:auto 420px;border-left:5px solid var(--good)}.case[data-usable=false]{border-left-color:var(--bad)}.case[hidden]{display:none}
        .case>header{display:flex;gap:6px 12px;flex-wrap:wrap;align-items:baseline;margin-bottom:8px}.case>header .soft{margin-left:auto;font-size:.88rem}
        .notes{list-style:none;margin:0 0 10px;padding:0}.notes li{margin:0 0 6px;padding:7px 12px;border-radius:6px;overflow-wrap:anywhere}.notes.reasons li{background:var(--badback)}.notes.warnings li{background:var(--warnback)}.notes.reasons b{color:var(--bad)}.notes.warnings b{color:var(--warn)}
        .montage{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:12px;margin:0 0 10px}figure{margin:0}figure img{display:block;width:100%;height:auto;background:#000;border-radius:6px}figcaption{font-size:.85rem;margin-top:4px}figcaption b{color:var(--ink)}
        summary{cursor:pointer;color:var(--accent);font-size:.9rem}details>div{margin-top:10px}
        footer{margin-top:32px;border-top:1px solid var(--rule);padding-top:12px;font-size:.88rem;color:var(--soft)}
        :focus-visible{outline:3px solid var(--accent);outline-offset:2px}
        @media (max-width:560px){main{padding:16px 12px 40px}h1{font-size:1.4rem}.case{padding:12px}.case>header .soft{margin-left:0}.overview th:nth-child(n+4),.overview td:nth-child(n+4){display:none}.tiles{grid-template-columns:repeat(2,1fr)}}
        @media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#bbb;--good:#0a5c2e;--bad:#9b1b14;--warn:#6e4200;--accent:#123f75;--goodback:#fff;--badback:#fff;--warnback:#fff}body{font-size:10pt}.tools{display:none!important}main{max-width:none;padding:0}.case{break-inside:avoid;content-visibility:visible}img{print-color-adjust:exact;-webkit-print-color-adjust:exact}a{color:inherit;text-decoration:none}}
        """;
}

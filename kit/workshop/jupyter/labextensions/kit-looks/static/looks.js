// How outputs look in `kit lab`, on the site and in the slides; each of them loads this file.
// Tables: text to the left, numbers to the right, an interval on one line, the diagonal of a confusion table
// shaded. JupyterLab sets every cell to the right, and pandas does not mark its columns. A cell with an
// alignment of its own keeps it.
// JupyterLab also shows the first line of an output that is hidden for a guess, and breaks words of a text.
(() => {
  const TABLES = ":is(.jp-RenderedHTML, .jp-RenderedMarkdown, section) table";
  const NUMBER = /^(?:\s*(?:nan|NaN|NaT|None|inf|n=|of|points|[\d.,:;%$€+−–≈~<>()[\]×/-]))*\s*$/;
  const WHOLE = /[-+\d.,]+ %|\d+(?:-\d+)+|\[[^\][]*\],?/g;
  const STYLE = `
    .jp-OutputPlaceholder .jp-PlaceholderText { display: none; }
    .jp-OutputPlaceholder .jp-Placeholder-contentContainer::before { content: "Hidden output: click to show it"; }
    body .jp-OutputArea-output pre { word-break: normal; overflow-wrap: anywhere; }`;

  const isNumber = cell => NUMBER.test(cell.textContent);
  const hasDigit = cell => /\d/.test(cell.textContent);
  const within = (row, tag) => [...row.querySelectorAll(`:scope > ${tag}`)];

  function set(cells) {
    const right = cells.every(isNumber) && cells.some(hasDigit);
    for (const cell of cells) {
      cell.style.textAlign ||= right ? "right" : "left";
      if (isNumber(cell) && !cell.children.length)
        cell.innerHTML = cell.innerHTML.replace(WHOLE, '<span style="white-space: nowrap">$&</span>');
    }
    return right;
  }

  function dress(table) {
    const rows = [...table.rows].filter(row => within(row, "td").length);
    const heads = [...table.rows].filter(row => !within(row, "td").length);
    const width = Math.max(0, ...rows.map(row => within(row, "td").length));
    const same = [];
    for (let column = 0; column < width; column++) {
      const right = set(rows.map(row => within(row, "td")[column]).filter(Boolean));
      for (const row of heads) {
        const head = row.cells[row.cells.length - width + column];
        if (!head) continue;
        head.style.textAlign ||= right ? "right" : "left";
        const label = head.textContent.trim();
        const twins = rows.filter(row => label && within(row, "th").at(-1)?.textContent.trim() === label);
        same.push(...twins.map(row => within(row, "td")[column]));
      }
    }
    set(rows.flatMap(row => within(row, "th")));
    if (same.length > 1) same.forEach(cell => (cell.style.background = "rgba(128, 128, 128, .3)"));
  }

  const below = node => (node.nodeType === 1 ? [node, ...node.querySelectorAll("table")] : []);
  const found = nodes => nodes.flatMap(below).filter(node => node.matches(TABLES)).forEach(dress);
  found([document.documentElement]);
  new MutationObserver(changes => found(changes.flatMap(change => [...change.addedNodes]))).observe(
    document.documentElement,
    { childList: true, subtree: true },
  );
  document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
  (window._JUPYTERLAB ??= {})["kit-looks"] = { init() {} };
})();

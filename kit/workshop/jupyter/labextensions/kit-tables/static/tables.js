// Tables: text to the left, numbers to the right, an interval on one line.
// JupyterLab sets every cell to the right, and pandas does not mark its columns. `kit lab`, the site and the
// slides load this file; a cell with an alignment of its own keeps it.
(() => {
  const TABLES = ":is(.jp-RenderedHTML, .jp-RenderedMarkdown, section) table";
  const NUMBER = /^(?:\s*(?:nan|NaN|NaT|None|inf|n=|of|points|[\d.,:;%$€+−–≈~<>()[\]×/-]))*\s*$/;

  const WHOLE = /[-+\d.,]+ %|\[[^\][]*\],?/g;

  const isNumber = cell => NUMBER.test(cell.textContent);
  const hasDigit = cell => /\d/.test(cell.textContent);

  function set(cells) {
    const right = cells.every(isNumber) && cells.some(hasDigit);
    for (const cell of cells) {
      cell.style.textAlign ||= right ? "right" : "left";
      if (isNumber(cell) && !cell.children.length)
        cell.innerHTML = cell.innerHTML.replace(WHOLE, '<span style="white-space: nowrap">$&</span>');
    }
    return right;
  }

  function align(table) {
    const rows = [...table.rows].filter(row => row.querySelector(":scope > td"));
    const heads = [...table.rows].filter(row => !row.querySelector(":scope > td"));
    const width = Math.max(0, ...rows.map(row => row.querySelectorAll(":scope > td").length));
    for (let column = 0; column < width; column++) {
      const right = set(rows.map(row => row.querySelectorAll(":scope > td")[column]).filter(Boolean));
      for (const row of heads) {
        const head = row.cells[row.cells.length - width + column];
        if (head) head.style.textAlign ||= right ? "right" : "left";
      }
    }
    set(rows.flatMap(row => [...row.querySelectorAll(":scope > th")]));
  }

  const below = node => (node.nodeType === 1 ? [node, ...node.querySelectorAll("table")] : []);
  const found = nodes => nodes.flatMap(below).filter(node => node.matches(TABLES)).forEach(align);
  found([document.documentElement]);
  new MutationObserver(changes => found(changes.flatMap(change => [...change.addedNodes]))).observe(
    document.documentElement,
    { childList: true, subtree: true },
  );
  (window._JUPYTERLAB ??= {})["kit-tables"] = { init() {} };
})();

// Sets the theme before the first paint, so that the page does not flash. This is a classic script because
// modules run too late. The page follows the system unless the reader has chosen light or dark.
(() => {
  const key = 'metric-dashboard-theme';
  const root = document.documentElement;
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem(key) || 'auto';
  } catch {
    // Storage may be forbidden. The choice then lasts as long as the page.
  }

  function apply() {
    if (chosen === 'auto') delete root.dataset.theme;
    else root.dataset.theme = chosen;
    document.dispatchEvent(new Event('themechange')); // Canvases must be repainted.
  }

  window.pageTheme = {
    get: () => chosen,
    set(theme) {
      chosen = theme;
      try {
        localStorage.setItem(key, theme);
      } catch {
        // See above.
      }
      apply();
    },
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  if (chosen !== 'light' && chosen !== 'dark') chosen = 'auto';
  apply();
})();

// Runs before the first paint, so that a remembered theme never flashes. The rest is src/lib/theme.ts.
try {
  const theme = localStorage.getItem('wakeful.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // No storage (a private window): the system's theme it is.
}

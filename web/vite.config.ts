import { defineConfig, loadEnv } from 'vite';

// Relative URLs everywhere: the server writes the page's <base href> from its static prefix.
export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/ajax-api', '/get-artifact', '/health', '/version'].map((path) => [
        path,
        loadEnv('', '.', 'WAKEFUL').WAKEFUL_URL ?? 'http://127.0.0.1:5000',
      ]),
    ),
  },
});

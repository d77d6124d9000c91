import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** The page is served by lineageflow_server under a policy of `default-src 'self'`: every asset is a file. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../lineageflow_server/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    license: { fileName: "licenses.md" },
  },
  server: {
    proxy: { "/api": "http://127.0.0.1:8000" },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});

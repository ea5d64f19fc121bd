import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a running `echospine serve`. */
const server = process.env["ECHOSPINE_SERVER"] ?? "http://127.0.0.1:8042";

export default defineConfig({
  plugins: [svelte()],
  server: { proxy: { "/api": server } },
  build: {
    outDir: "../src/echospine/apps/server/static",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows nothing inline, so neither fonts nor scripts may become data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});

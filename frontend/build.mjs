// Bundles the site's script and style into ../static/dist/, where Django finds them.
import { build, context } from "esbuild";

const options = {
  entryPoints: { app: "src/main.ts" },
  outdir: "../static/dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  charset: "utf8",
  // No source maps: collectstatic refuses a sourceMappingURL whose map it does not have.
  sourcemap: false,
  logLevel: "warning",
};
const styles = { ...options, entryPoints: { app: "src/css/app.css" }, external: ["/static/*"] };

if (process.argv.includes("--watch")) {
  for (const part of [options, styles]) await (await context(part)).watch();
} else {
  await Promise.all([build(options), build(styles)]);
}

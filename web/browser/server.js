// The real service, started for a test on a port that the system chooses.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const folder = mkdtempSync(join(tmpdir(), "snowman-page-"));
const program = join(folder, "snowman");

let built = false;

/**
 * Starts snowman serve with more flags. Returns its address, its log so far, and how to stop it.
 */
export async function serve(...flags) {
  if (!built) execFileSync("go", ["build", "-o", program, "../../cmd/snowman"], { cwd: import.meta.dirname, env: { ...process.env, CGO_ENABLED: "0" } });
  built = true;
  const server = spawn(program, ["serve", "-listen", "127.0.0.1:0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.once("close", resolve));
  const log = [];
  const lines = createInterface({ input: server.stdout });
  const address = await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      log.push(line);
      const { msg, address } = JSON.parse(line);
      if (msg === "listening") resolve(`http://${address}/`);
    });
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${log.join("\n")}`)));
  });
  return {
    address,
    log,
    stop: () => {
      server.removeAllListeners("exit");
      server.kill();
      return ended;
    },
  };
}

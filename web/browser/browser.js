// Chromium with pages that are watched: a test fails if its page writes on the console, asks
// another server, or opens a dialog.

import { chromium } from "playwright-core";

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/**
 * Opens a page of the server. Returns it, and complaints, which stays empty as long as all is well.
 */
export async function open(browser, address, { hash = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(90_000); // enough to score a million names beside other work
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (problem) => complaints.push(`error: ${problem.message}`));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  context.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(address) && !asked.startsWith("blob:" + address)) complaints.push(`asked ${asked}`);
  });
  await page.goto(address + hash);
  return { page, complaints, close: () => context.close() };
}

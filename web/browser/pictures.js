// Makes the pictures in the documentation.

import { launch, open } from "./browser.js";
import { serve } from "./server.js";

const pictures = new URL("../../docs/pictures/", import.meta.url).pathname;
const one = "https://www.paypal-login-secure.com/";
const many = [
  "github.com", "zis32msdi3.com", "paypal-login-secure.com", "paypa1.net", "xjwqpvtzkd.com", "hxxp://update[.]zis32msdi3[.]com:8080/a.exe",
  "wikipedia.org", "en.wikipedia.org/wiki/Snowman", "kernel.org", "rnicrosoft.com", "d111111abcdef8.cloudfront.net", "docs.python.org/3/",
];

const [browser, server] = await Promise.all([launch(), serve()]);
const look = async (texts, options, use) => {
  const { page, close } = await open(browser, server.address, { viewport: { width: 1100, height: 900 }, hash: "#q=" + encodeURIComponent(texts), ...options });
  await use(page);
  await close();
};
for (const colorScheme of ["light", "dark"]) {
  await look(one, { colorScheme }, async (page) => {
    await page.locator("#result .ngrams").waitFor();
    await page.screenshot({ path: `${pictures}verdict-${colorScheme}.png`, fullPage: true, clip: { x: 0, y: 0, width: 1100, height: 860 } });
  });
  await look(many.join("\n"), { colorScheme }, async (page) => {
    await page.locator("#status", { hasText: "All done" }).waitFor({ state: "attached" });
    const { y, height } = await page.locator("#table").boundingBox();
    await page.screenshot({ path: `${pictures}table-${colorScheme}.png`, fullPage: true, clip: { x: 0, y, width: 1100, height: height + 20 } });
  });
}
await browser.close();
await server.stop();

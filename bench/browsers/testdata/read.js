// read returns [href, hostname] of each text as the URL parser has them, or null for one that it refuses.
const read = (texts) => texts.map((text) => {
  try {
    const url = new URL(text);
    return [url.href, url.hostname];
  } catch {
    return null;
  }
});

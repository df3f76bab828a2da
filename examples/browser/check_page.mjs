// Does in a browser without a window what a user does: opens the page, chooses a file, plays it; compares the samples.
//
//     node check_page.mjs FILE.nac SAMPLES.f32          (the preset is in model/; $CHROMIUM names the browser)

import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { extname, join, normalize } from "node:path"
import puppeteer from "puppeteer-core"
import { difference } from "./difference.js"

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" }
const [file, reference] = process.argv.slice(2)
const here = import.meta.dirname

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname))
  try {
    const content = await readFile(join(here, path))
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" }).end(content)
  } catch {
    response.writeHead(404).end()
  }
})
await new Promise(ready => server.listen(0, "127.0.0.1", ready))

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  protocolTimeout: 600000,
})
try {
  const page = await browser.newPage()
  page.setDefaultTimeout(600000)
  await page.goto(`http://127.0.0.1:${server.address().port}/index.html`)
  const status = () => page.$eval("#status", element => element.textContent)
  await (await page.$("#file")).uploadFile(file)
  await page.waitForFunction(() => !/^(Choose|Decoding)/.test(document.getElementById("status").textContent))
  const samples = await page.evaluate(() => window.decoded && Array.from(window.decoded))
  if (!samples) throw new Error(await status())
  const wanted = await readFile(reference)
  console.log(`Page: ${await status()} In it, ` +
    difference(samples, new Float32Array(wanted.buffer, wanted.byteOffset, wanted.length / 4)))
  await page.click("#play")
  await page.waitForFunction(() => document.getElementById("status").textContent === "Played.")
  console.log("Page: played.")
} finally {
  await browser.close()
  server.close()
}

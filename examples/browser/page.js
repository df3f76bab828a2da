// The page: decodes the file that is chosen with the preset in the folder `model/`, and plays it.

import * as ort from "onnxruntime-web"
import { Decoder } from "./decoder.js"

const RATE = 16000
const [file, play, status] = ["file", "play", "status"].map(id => document.getElementById(id))
ort.env.wasm.numThreads = 1 // more would need a page that is isolated from others, and are not faster here

const decoder = Decoder.create(ort, async name => {
  const answer = await fetch(`model/${name}`)
  if (!answer.ok) throw new Error(`There is no model/${name}; see README.md.`)
  return new Uint8Array(await answer.arrayBuffer())
})

file.addEventListener("change", async () => {
  play.disabled = true
  status.textContent = "Decoding ..."
  try {
    const samples = await (await decoder).decode(new Uint8Array(await file.files[0].arrayBuffer()))
    window.decoded = samples // for check_page.mjs
    play.disabled = false
    play.onclick = () => playSamples(samples)
    status.textContent = `${(samples.length / RATE).toFixed(1)} s of speech.`
  } catch (error) {
    status.textContent = error.message
  }
})

async function playSamples(samples) {
  const context = new AudioContext(), source = context.createBufferSource()
  source.buffer = context.createBuffer(1, samples.length, RATE)
  source.buffer.copyToChannel(samples, 0)
  source.connect(context.destination)
  source.onended = () => { status.textContent = "Played." }
  source.start()
}

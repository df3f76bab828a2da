// The arrays of tables.npz: section 10 of docs/format.md. An .npz file is a zip file of .npy members.

const TYPES = { "<i2": Int16Array, "<i4": Int32Array, "<u4": Uint32Array, "|u1": Uint8Array }
const DIRECTORY_END = 0x06054b50, DIRECTORY_END_BYTES = 22

/** { name: { data, shape } } of the bytes of tables.npz. */
export async function readTables(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), arrays = {}
  let end = bytes.length - DIRECTORY_END_BYTES
  while (view.getUint32(end, true) !== DIRECTORY_END) end--
  let entry = view.getUint32(end + 16, true)
  for (let left = view.getUint16(end + 10, true); left; left--) {
    const [method, size] = [view.getUint16(entry + 10, true), view.getUint32(entry + 20, true)]
    const nameLength = view.getUint16(entry + 28, true), start = view.getUint32(entry + 42, true)
    const name = new TextDecoder().decode(bytes.subarray(entry + 46, entry + 46 + nameLength))
    const data = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true)
    const member = bytes.subarray(data, data + size)
    arrays[name.replace(/\.npy$/, "")] = readArray(method ? await inflated(member) : member)
    entry += 46 + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true)
  }
  return arrays
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function readArray(npy) {
  const headerLength = npy[8] | (npy[9] << 8)
  const header = new TextDecoder("latin1").decode(npy.subarray(10, 10 + headerLength))
  const type = TYPES[header.match(/'descr': '(.*?)'/)[1]]
  const shape = header.match(/'shape': \((.*?)\)/)[1].split(",").filter(part => part.trim()).map(Number)
  return { data: new type(npy.slice(10 + headerLength).buffer), shape }
}

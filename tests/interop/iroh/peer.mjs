// SPDX-License-Identifier: MIT OR Apache-2.0
// Test-only: an iroh endpoint driven over pipes. One JSON object a line comes in on stdin:
// {"id": n, "do": "<command>", ...}; each is answered by one line on stdout, in any order:
// {"id": n, "ok": true, ...} or {"id": n, "ok": false, "error": "<iroh's words>"}. Commands run side
// by side, so one may wait (next_connection, closed) while others go on. The end of stdin ends the
// process. Endpoints and connections are named by the small numbers that bind, connect and
// next_connection return. Everything stays on loopback: no relays, no discovery.
import { createInterface } from 'node:readline'
import iroh from '@number0/iroh'

const CHUNK = 64 * 1024
const MAX_STREAM_BYTES = 64 * 1024 * 1024

const endpoints = []
const connections = []

const text = (s) => Array.from(Buffer.from(s, 'utf8'))
const hex = (bytes) => Buffer.from(bytes).toString('hex')
const unhex = (s) => Array.from(Buffer.from(s, 'hex'))

const remember = (conn) => {
  connections.push(conn)
  return {
    conn: connections.length - 1,
    remote: hex(conn.remoteId().toBytes()),
    alpn: Buffer.from(conn.alpn()).toString('utf8'),
  }
}

// The bytes both sides of a test can compute: position and stream number decide.
const byteAt = (stream, i) => (i * 131 + (i >>> 8) * 17 + stream * 29 + 7) & 0xff
const pattern = (stream, from, size) => {
  const out = new Array(size)
  for (let i = 0; i < size; i++) out[i] = byteAt(stream, from + i)
  return out
}

async function send(stream, number, size) {
  for (let at = 0; at < size; at += CHUNK) {
    await stream.writeAll(pattern(number, at, Math.min(CHUNK, size - at)))
  }
  await stream.finish()
}

// Reads to the end and checks every byte; returns how many there were.
async function expectPattern(stream, number) {
  let at = 0
  for (;;) {
    const got = await stream.read(CHUNK)
    if (got.length === 0) return at
    for (const byte of got) {
      if (byte !== byteAt(number, at)) throw new Error(`stream ${number}: wrong byte at ${at}`)
      at++
    }
    if (at > MAX_STREAM_BYTES) throw new Error('stream too long')
  }
}

async function copy(recv, to) {
  let total = 0
  for (;;) {
    const got = await recv.read(CHUNK)
    if (got.length === 0) break
    total += got.length
    await to.writeAll(got)
  }
  await to.finish()
  return total
}

// Echoes every stream the other side opens: a bidirectional one onto itself, a unidirectional one
// onto a new unidirectional one. Ends when the connection does.
async function serve(conn) {
  const quietly = (promise) => promise.catch(() => {})
  const bi = async () => {
    for (;;) {
      const stream = await conn.acceptBi()
      quietly(copy(stream.recv, stream.send))
    }
  }
  const uni = async () => {
    for (;;) {
      const recv = await conn.acceptUni()
      quietly(conn.openUni().then((to) => copy(recv, to)))
    }
  }
  await Promise.all([quietly(bi()), quietly(uni())])
}

const times = (n, make) => Promise.all(Array.from({ length: n }, (_, i) => make(i)))

const commands = {
  // key: hex of 32 bytes, or nothing for a random one.
  async bind({ key, alpns, addresses }) {
    const builder = iroh.Endpoint.builder()
    iroh.presetMinimal(builder)
    builder.relayMode(iroh.RelayMode.disabled())
    if (key) builder.secretKey(unhex(key))
    builder.alpns(alpns.map(text))
    for (const address of addresses) builder.bindAddr(address)
    const endpoint = await builder.bind()
    endpoints.push(endpoint)
    return {
      endpoint: endpoints.length - 1,
      remote: hex(endpoint.id().toBytes()),
      sockets: endpoint.boundSockets(),
    }
  },

  async connect({ endpoint, peer, address, alpn }) {
    const to = new iroh.EndpointAddr(iroh.EndpointId.fromBytes(unhex(peer)), null, [address])
    return remember(await endpoints[endpoint].connect(to, text(alpn)))
  },

  // Takes the next incoming connection. retry: first answer the client's Initial with a Retry.
  async next_connection({ endpoint, retry, echo }) {
    for (;;) {
      const incoming = await endpoints[endpoint].acceptNext()
      if (!incoming) throw new Error('endpoint closed')
      if (retry && !(await incoming.remoteAddrValidated())) {
        await incoming.retry()
        continue
      }
      const validated = await incoming.remoteAddrValidated()
      const conn = await (await incoming.accept()).connect()
      const named = remember(conn)
      if (echo) serve(conn)
      return { ...named, validated }
    }
  },

  async refuse_next({ endpoint }) {
    await (await endpoints[endpoint].acceptNext()).refuse()
    return {}
  },

  serve({ conn }) {
    serve(connections[conn])
    return {}
  },

  // Opens `streams` bidirectional streams at once, sends `size` bytes on each, expects them back.
  async echo_bi({ conn, streams, size }) {
    const got = await times(streams, async (i) => {
      const stream = await connections[conn].openBi()
      const [, back] = await Promise.all([send(stream.send, i, size), expectPattern(stream.recv, i)])
      return back
    })
    return { bytes: got.reduce((a, b) => a + b, 0), complete: got.every((n) => n === size) }
  },

  // Sends `size` bytes on one unidirectional stream; expects them back on the next one that comes.
  async echo_uni({ conn, size }) {
    const back = connections[conn].acceptUni().then((recv) => expectPattern(recv, 0))
    await send(await connections[conn].openUni(), 0, size)
    return { bytes: await back }
  },

  // Sends one byte and abandons the stream; the other side must see the code.
  async reset_stream({ conn, code }) {
    const stream = await connections[conn].openBi()
    await stream.send.writeAll([1])
    await stream.send.reset(BigInt(code))
    return {}
  },

  // Takes the next bidirectional stream and asks the sender to stop with `code`.
  async stop_next_stream({ conn, code }) {
    const stream = await connections[conn].acceptBi()
    await stream.recv.stop(BigInt(code))
    return {}
  },

  // Takes the next bidirectional stream and tells with which codes the other side abandons it.
  async watch_next_stream({ conn }) {
    const stream = await connections[conn].acceptBi()
    const [reset, stopped] = await Promise.all([
      stream.recv.receivedReset(),
      stream.send.stopped(),
    ])
    return { reset, stopped }
  },

  async closed({ conn }) {
    return { reason: await connections[conn].closed() }
  },

  close({ conn, code, reason }) {
    connections[conn].close(BigInt(code), text(reason))
    return {}
  },

  async close_endpoint({ endpoint }) {
    await endpoints[endpoint].close()
    return {}
  },

  stats({ conn }) {
    return { stats: connections[conn].stats(), reason: connections[conn].closeReason() }
  },
}

const say = (object) => process.stdout.write(JSON.stringify(object) + '\n')

process.stdout.on('error', () => process.exit(0)) // the test is gone
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  Promise.resolve()
    .then(() => commands[request.do](request))
    .then((result) => say({ id: request.id, ok: true, ...result }))
    .catch((error) => say({ id: request.id, ok: false, error: String(error?.message ?? error) }))
}
process.exit(0)

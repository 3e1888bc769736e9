// A second opinion in JavaScript: from the QR text to the verified content without any code of ours.
// Reads a JSON array of requests from standard input and answers with an array of as many objects.
//
//   {"do": "verify", "text": "KP1:..." or "cose": hex, "spki": hex}
//   {"do": "sign", "payload": hex, "key": hex of PKCS #8, "key_id": hex, "typ": text, "algorithm": -7}
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { json } from "node:stream/consumers";
import { inflateSync } from "node:zlib";
import { Headers, ProtectedHeaders, Sign1 } from "@auth0/cose";
import { decode } from "cbor-x";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

function fromBase45(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = [...text.slice(at, at + 3)].map((letter) => ALPHABET.indexOf(letter));
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    const size = digits.length - 1;
    if (size < 1 || digits.includes(-1) || value >= 256 ** size) throw new Error("This is not Base45.");
    if (size === 2) bytes.push(value >> 8);
    bytes.push(value & 0xff);
  }
  return Buffer.from(bytes);
}

function fromText(text) {
  if (!text.startsWith("KP1:")) throw new Error("The text does not begin with KP1:.");
  return inflateSync(fromBase45(text.slice(4)), { maxOutputLength: 65536 });
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const unhex = (text) => Buffer.from(text, "hex");

async function verify(request) {
  const cose = request.text === undefined ? unhex(request.cose) : fromText(request.text);
  const message = Sign1.decode(cose);
  const key = createPublicKey({ key: unhex(request.spki), format: "der", type: "spki" });
  await message.verify(key, { algorithms: [message.alg] });
  const toBeSigned = Sign1.Signature1(message.encodedProtectedHeaders, new Uint8Array(), message.payload);
  const claims = decode(message.payload, { mapsAsObjects: false });
  return {
    cose: hex(cose),
    algorithm: message.alg,
    key_id: hex(message.kid),
    typ: message.protectedHeaders.get(16),
    payload: hex(message.payload),
    identity: createHash("sha256").update(toBeSigned).digest("hex"),
    issuer: claims[1],
    number: claims[2],
  };
}

async function sign(request) {
  const key = createPrivateKey({ key: unhex(request.key), format: "der", type: "pkcs8" });
  const header = new ProtectedHeaders([
    [Headers.Algorithm, request.algorithm],
    [Headers.KeyID, new Uint8Array(unhex(request.key_id))],
    [16, request.typ],
  ]);
  const message = await Sign1.sign(header, undefined, new Uint8Array(unhex(request.payload)), key);
  return { cose: hex(message.encode()) };
}

async function answer(request) {
  try {
    return { agrees: true, ...(await (request.do === "sign" ? sign(request) : verify(request))) };
  } catch (error) {
    return { agrees: false, why: `${error.name}: ${error.message}` };
  }
}

const requests = await json(process.stdin);
console.log(JSON.stringify(await Promise.all(requests.map(answer))));

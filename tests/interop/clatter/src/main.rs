// SPDX-License-Identifier: MIT OR Apache-2.0
// The Rust peer of clatter_interop_test.cc: one hybridXX handshake of clatter, then transport
// messages, over stdin and stdout. Each frame is a 16-bit big-endian length and that many bytes.
// usage: clatter-peer initiator|responder blake2s|sha256 PROLOGUE_HEX
// It sends its two static public keys, does the handshake, sends the handshake hash and the peer's
// two static public keys, sends three transport messages, and echoes what it opens until its input
// ends. Exit 0: input ended between frames; 3: a message was refused; 2: anything else.
use std::io::{self, ErrorKind, Read, Write};
use std::process::exit;

use clatter::bytearray::ByteArray;
use clatter::crypto::cipher::ChaChaPoly;
use clatter::crypto::dh::X25519;
use clatter::crypto::hash::{Blake2s, Sha256};
use clatter::crypto::kem::rust_crypto_ml_kem::MlKem768;
use clatter::handshakepattern::noise_hybrid_xx;
use clatter::traits::{Dh, Handshaker, Hash, Kem};
use clatter::{HybridHandshake, HybridHandshakeParams};

const MESSAGE_MAX: usize = 65535;
const TAG: usize = 16;

enum Stop {
    Refused(String),
    Other(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Other(error.to_string())
    }
}

fn refused(what: &str, error: impl std::fmt::Debug) -> Stop {
    Stop::Refused(format!("{what}: {error:?}"))
}

// None when the input ends where a frame would begin.
fn read_frame(input: &mut impl Read) -> Result<Option<Vec<u8>>, Stop> {
    let mut length = [0u8; 2];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut frame = vec![0u8; u16::from_be_bytes(length) as usize];
    input.read_exact(&mut frame)?;
    Ok(Some(frame))
}

fn write_frame(output: &mut impl Write, parts: &[&[u8]]) -> Result<(), Stop> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u16::try_from(length).map_err(|_| Stop::Other("frame too long".into()))?;
    output.write_all(&length.to_be_bytes())?;
    for part in parts {
        output.write_all(part)?;
    }
    output.flush()?;
    Ok(())
}

fn run<H: Hash>(initiator: bool, prologue: &[u8]) -> Result<(), Stop> {
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let mut buffer = vec![0u8; MESSAGE_MAX];

    let dh = X25519::genkey().map_err(|error| refused("x25519", error))?;
    let kem = MlKem768::genkey().map_err(|error| refused("ml-kem", error))?;
    write_frame(&mut output, &[dh.public.as_slice(), kem.public.as_slice()])?;

    let parameters = HybridHandshakeParams::new(noise_hybrid_xx(), initiator)
        .with_prologue(prologue)
        .with_s(dh)
        .with_s_kem(kem);
    let mut handshake =
        HybridHandshake::<X25519, MlKem768, MlKem768, ChaChaPoly, H>::new(parameters)
            .map_err(|error| refused("setup", error))?;
    while !handshake.is_finished() {
        if handshake.is_write_turn() {
            let size = handshake
                .write_message(&[], &mut buffer)
                .map_err(|error| refused("write", error))?;
            write_frame(&mut output, &[&buffer[..size]])?;
        } else {
            let Some(message) = read_frame(&mut input)? else {
                return Ok(());
            };
            let payload = handshake
                .read_message(&message, &mut buffer)
                .map_err(|error| refused("read", error))?;
            if payload != 0 {
                return Err(Stop::Refused("a payload".into()));
            }
        }
    }

    let peer = handshake
        .get_remote_static()
        .ok_or_else(|| Stop::Other("no remote static keys".into()))?;
    let mut transport = handshake
        .finalize()
        .map_err(|error| refused("finalize", error))?;
    let hash = transport.get_handshake_hash();
    write_frame(
        &mut output,
        &[hash.as_slice(), peer.dh().as_slice(), peer.kem().as_slice()],
    )?;

    // Three of its own, the last as long as a message may be.
    let longest = vec![0x5a; MESSAGE_MAX - TAG];
    for text in [b"clatter says hello".as_slice(), b"".as_slice(), &longest] {
        let size = transport
            .send(text, &mut buffer)
            .map_err(|error| refused("send", error))?;
        write_frame(&mut output, &[&buffer[..size]])?;
    }
    while let Some(message) = read_frame(&mut input)? {
        // clatter subtracts the tag's length without a check.
        if message.len() < TAG {
            return Err(Stop::Refused("shorter than a tag".into()));
        }
        let size = transport
            .receive(&message, &mut buffer)
            .map_err(|error| refused("receive", error))?;
        let text = buffer[..size].to_vec();
        let size = transport
            .send(&text, &mut buffer)
            .map_err(|error| refused("send", error))?;
        write_frame(&mut output, &[&buffer[..size]])?;
    }
    Ok(())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let parsed = match arguments[..] {
        [role @ ("initiator" | "responder"), hash @ ("blake2s" | "sha256"), prologue] => {
            from_hex(prologue).map(|prologue| (role == "initiator", hash == "blake2s", prologue))
        }
        _ => None,
    };
    let Some((initiator, blake2s, prologue)) = parsed else {
        eprintln!("usage: clatter-peer initiator|responder blake2s|sha256 PROLOGUE_HEX");
        exit(2);
    };
    let done = if blake2s {
        run::<Blake2s>(initiator, &prologue)
    } else {
        run::<Sha256>(initiator, &prologue)
    };
    match done {
        Ok(()) => {}
        Err(Stop::Refused(why)) => {
            eprintln!("clatter-peer refused a message: {why}");
            exit(3);
        }
        Err(Stop::Other(why)) => {
            eprintln!("clatter-peer: {why}");
            exit(2);
        }
    }
}

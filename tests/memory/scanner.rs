//! A process looks for secrets in its own memory without holding them: the needles are masked, and
//! each byte is unmasked in a register only.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

const MASK: u8 = 0xA7;
const CHUNK: usize = 256 * 1024;

/// A secret under its mask.
pub struct Needle {
    pub name: String,
    masked: Vec<u8>,
}

/// Where a secret was found.
#[derive(Debug, Clone)]
pub struct Hit {
    pub name: String,
    pub address: usize,
    pub region: String,
}

impl Needle {
    /// As one process tells it another.
    pub fn line(name: &str, secret: &[u8]) -> String {
        let masked: Vec<u8> = secret.iter().map(|byte| byte ^ MASK).collect();
        format!("{} {}\n", name.replace(' ', "_"), hex::encode(masked))
    }

    pub fn parse(line: &str) -> Option<Self> {
        let (name, masked) = line.trim().split_once(' ')?;
        Some(Self { name: name.to_owned(), masked: hex::decode(masked).unwrap() })
    }

    /// The secret, for planting it.
    pub fn unmask_into(&self, out: &mut [u8]) {
        for (out, masked) in out.iter_mut().zip(&self.masked) {
            *out = masked ^ MASK;
        }
    }

    pub fn len(&self) -> usize {
        self.masked.len()
    }

    fn is_at(&self, bytes: &[u8]) -> bool {
        bytes.len() >= self.masked.len()
            && self.masked.iter().zip(bytes).all(|(masked, byte)| masked ^ MASK == *byte)
    }
}

/// Every place of every needle in the writable memory of this process, the scanner's own buffer
/// excepted.
pub fn scan(needles: &[Needle]) -> Vec<Hit> {
    let longest = needles.iter().map(Needle::len).max().unwrap_or(0);
    let mut first_bytes = [false; 256];
    for needle in needles {
        first_bytes[usize::from(needle.masked[0])] = true;
    }
    let mut buffer = vec![0; CHUNK + longest];
    let own = buffer.as_ptr().addr()..buffer.as_ptr().addr() + buffer.len();
    let memory = File::open("/proc/self/mem").unwrap();
    let mut hits = Vec::new();
    for (region, range) in regions() {
        let mut at = range.start;
        while at < range.end {
            let len = (range.end - at).min(CHUNK + longest);
            let Ok(count) = memory.read_at(&mut buffer[..len], at as u64) else { break };
            for (offset, byte) in buffer[..count.min(CHUNK)].iter().enumerate() {
                if !first_bytes[usize::from(byte ^ MASK)] {
                    continue;
                }
                let address = at + offset;
                if own.contains(&address) {
                    continue;
                }
                for needle in needles.iter().filter(|needle| needle.is_at(&buffer[offset..count])) {
                    hits.push(Hit { name: needle.name.clone(), address, region: region.clone() });
                }
            }
            at += CHUNK;
        }
    }
    hits
}

/// What the process can write to: heap, stacks, statics.
fn regions() -> Vec<(String, std::ops::Range<usize>)> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let writable =
        maps.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|perms| perms.starts_with("rw")));
    writable
        .map(|line| {
            let (range, rest) = line.split_once(' ').unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let address = |text| usize::from_str_radix(text, 16).unwrap();
            let name = rest.split_whitespace().nth(4).unwrap_or("anonymous");
            (format!("{name} {range}"), address(start)..address(end))
        })
        .collect()
}

//! Finds out whether the process that took a lease still exists.

/// The identity of a process: the start of the machine, the process namespace, the process id and the
/// moment it was started. `None` where the system does not show them.
pub(super) fn identity() -> Option<String> {
    let pid = std::process::id();
    let machine = machine()?;
    let started = started(pid)?;
    Some(format!("{machine} {pid} {started}"))
}

/// Whether that process provably no longer exists. Nothing can be proven about a process on another
/// machine, in another container, or with an unknown kind of identity.
pub(super) fn is_gone(identity: &str) -> bool {
    let parts: Vec<&str> = identity.split(' ').collect();
    let [boot, namespace, pid, since] = parts.as_slice() else { return false };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    match machine() {
        Some(here) if here == format!("{boot} {namespace}") => started(pid).as_deref() != Some(*since),
        _ => false,
    }
}

/// The start of this machine and the process namespace: process ids mean the same only within both.
#[cfg(target_os = "linux")]
fn machine() -> Option<String> {
    // Where others' processes are hidden, not seeing one proves nothing. The first is always there.
    std::fs::read("/proc/1/stat").ok()?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let text = format!("{} {}", boot.trim(), namespace.to_str()?);
    (text.split(' ').count() == 2).then_some(text)
}

/// When a living process was started, in ticks since the machine was.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The second field is the program's name in brackets and may hold blanks and brackets itself.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    // A killed process whose parent has not looked yet is still listed.
    let state = fields.next().filter(|state| !matches!(*state, "Z" | "X" | "x"));
    state.and_then(|_| fields.nth(18)).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn machine() -> Option<String> {
    None
}

#[cfg(not(target_os = "linux"))]
fn started(_pid: u32) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there() {
        assert!(!is_gone(&identity().unwrap()));
    }

    #[test]
    fn a_process_that_was_ended_is_gone_reaped_or_not() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let text = format!("{} {} {}", machine().unwrap(), child.id(), started(child.id()).unwrap());
        assert!(!is_gone(&text));
        child.kill().unwrap();
        // Killing is not instant; the zombie appears once the kernel has delivered the signal.
        while !is_gone(&text) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(is_gone(&text));
    }

    #[test]
    fn nothing_is_proven_of_other_machines_containers_and_words() {
        let own = identity().unwrap();
        let parts: Vec<&str> = own.split(' ').collect();
        let [boot, namespace, _, _] = parts.as_slice() else { panic!("four parts") };
        let cases = [
            String::new(),
            "words".into(),
            format!("{boot} {namespace} x 1"),
            format!("other {namespace} 4194304 1"),
            format!("{boot} pid:[1] 4194304 1"),
        ];
        for text in cases {
            assert!(!is_gone(&text), "{text}");
        }
        assert!(is_gone(&format!("{boot} {namespace} 4194305 1")), "no such process id");
        assert!(is_gone(&format!("{boot} {namespace} {} 1", std::process::id())), "the id was used again");
    }
}

/** Plays two soft notes. Browsers refuse it until the visitor has touched the
 *  page, which is as well. */
export function chime(): void {
  try {
    const context = new AudioContext(), note = context.createOscillator(), volume = context.createGain(), now = context.currentTime;
    note.connect(volume).connect(context.destination);
    note.frequency.value = 660;
    note.frequency.setValueAtTime(880, now + 0.12);
    volume.gain.value = 0.05;
    volume.gain.exponentialRampToValueAtTime(1e-4, now + 0.4);
    note.start();
    note.stop(now + 0.4);
    note.onended = () => context.close();
  } catch {
    // No sound here; the badge tells as much.
  }
}

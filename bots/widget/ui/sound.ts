/** Plays two soft notes. Browsers refuse it until the visitor has touched the
 *  page, which is as well. */
export function chime(): void {
  try {
    const context = new AudioContext(), start = context.currentTime;
    [660, 880].forEach((pitch, index) => {
      const note = context.createOscillator(), volume = context.createGain(), at = start + index * 0.12;
      note.connect(volume).connect(context.destination);
      note.frequency.value = pitch;
      volume.gain.setValueAtTime(0.05, at);
      volume.gain.exponentialRampToValueAtTime(1e-4, at + 0.3);
      note.start(at);
      note.stop(at + 0.3);
      if (index) note.onended = () => context.close();
    });
  } catch {
    // No sound here; the badge tells as much.
  }
}

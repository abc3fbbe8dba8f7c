// A small player. The sound is decoded by hand, since an audio element with an
// address of its own would be forbidden by a careful site's policy, and since
// what browsers record does not say how long it is.
import { el } from '../dom';
import type { Attachment } from '../wire';
import { button, icon } from './shapes';
import { clock, fill, words } from './words';

const rate = 24e3; // Hz: plenty for speech, and half the memory

let playing: Player | undefined; // one at a time
let speaker: AudioContext | undefined;

export class Player {
  readonly element: HTMLElement;
  private readonly _toggle: HTMLButtonElement;
  private readonly _slider: HTMLInputElement;
  private readonly _time = el('span', { class: 'time' });
  private _sound?: AudioBuffer;
  private _source?: AudioBufferSourceNode;
  private _at = 0; // seconds
  private _since = 0; // on the speaker's clock, when playing
  private _timer = 0;
  private _busy = false;

  constructor(file: Attachment, private readonly _get: () => Promise<Blob>) {
    const name = file.name || words.voice;
    this._toggle = button('play', fill(words.play, name), () => (this._source ? this._stop() : this._play()));
    this._slider = el('input', {
      type: 'range', min: 0, max: 1, step: 0.1, value: 0, disabled: true, 'aria-label': words.position,
      oninput: () => {
        const wasPlaying = !!this._source;
        if (wasPlaying) this._stop();
        this._at = +this._slider.value;
        this._paint();
        if (wasPlaying) this._play();
      },
    });
    this._time.textContent = file.seconds ? clock(file.seconds) : '';
    this.element = el('div', { class: 'player', role: 'group', 'aria-label': name }, this._toggle, this._slider, this._time);
  }

  private async _play(): Promise<void> {
    if (this._busy) return;
    this._busy = true;
    try {
      speaker ||= new AudioContext();
      speaker.resume(); // allowed, since a press brought us here
      this._sound ||= await new OfflineAudioContext(1, 1, rate).decodeAudioData(await (await this._get()).arrayBuffer());
    } catch {
      this._time.textContent = words.unavailable;
      return;
    } finally {
      this._busy = false;
    }
    playing?._stop();
    playing = this;
    const { duration } = this._sound;
    this._slider.disabled = false;
    this._slider.max = String(duration);
    if (this._at >= duration - 0.1) this._at = 0;
    const source = (this._source = speaker.createBufferSource());
    source.buffer = this._sound;
    source.connect(speaker.destination);
    source.onended = () => this._source === source && (this._stop(), (this._at = 0), this._paint());
    source.start(0, this._at);
    this._since = speaker.currentTime - this._at;
    this._show(true);
    const follow = () => {
      if (!this.element.isConnected) return this._stop();
      this._at = Math.min(duration, speaker!.currentTime - this._since);
      this._paint();
      this._timer = setTimeout(follow, 200);
    };
    follow();
  }

  private _stop(): void {
    clearTimeout(this._timer);
    const source = this._source;
    this._source = undefined;
    source?.stop();
    this._show(false);
  }

  private _show(on: boolean): void {
    const label = fill(on ? words.pause : words.play, this.element.getAttribute('aria-label')!);
    this._toggle.setAttribute('aria-label', label);
    this._toggle.title = label;
    this._toggle.replaceChildren(icon(on ? 'pause' : 'play'));
  }

  private _paint(): void {
    const text = clock(this._at) + ' / ' + clock(this._sound!.duration);
    this._slider.value = String(this._at);
    this._slider.setAttribute('aria-valuetext', text);
    this._time.textContent = text;
  }
}

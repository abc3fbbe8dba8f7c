// A voice message: pressed, spoken, sent.
import { el } from '../dom';
import { button } from './shapes';
import { clock, words } from './words';

const longest = 120; // seconds
const bitsPerSecond = 32e3; // enough for speech: two minutes are half a megabyte
const types = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];

export class Recorder {
  private readonly _start: HTMLButtonElement;
  private readonly _bar: HTMLElement;
  private readonly _time = el('span', { class: 'time', role: 'timer' });
  private readonly _level = el('span', { class: 'level', 'aria-hidden': 'true' }, el('i'));
  private _recorder?: MediaRecorder;
  private _pieces: Blob[] = [];
  private _began = 0;
  private _timer = 0;
  private _frame = 0;
  private _sound?: AudioContext;

  constructor(private readonly _form: HTMLFormElement, private readonly _done: (file: File) => void, private readonly _warn: (text: string) => void) {
    this._start = button('microphone', words.record, () => this._record(), 'tool microphone');
    this._bar = el('div', {
      class: 'recording', role: 'group', 'aria-label': words.recording, hidden: true,
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation(); // it ends the recording, not the chat
        this._end(false);
      },
    }, button('remove', words.cancel, () => this._end(false)), el('span', { class: 'live', 'aria-hidden': 'true' }), this._time, this._level,
      button('send', words.sendVoice, () => this._end(true), 'send'));
    // Where nothing can be recorded, nothing is offered: pages without TLS, old browsers.
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder || !this._type()) return;
    _form.lastChild!.before(this._start);
    _form.after(this._bar);
  }

  private _type(): string | undefined {
    return types.find((type) => MediaRecorder.isTypeSupported(type));
  }

  private async _record(): Promise<void> {
    this._warn('');
    this._start.disabled = true;
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    } catch (error) {
      const missing = (error as Error).name === 'NotFoundError';
      return this._warn(missing ? words.noMicrophone : words.noPermission);
    } finally {
      this._start.disabled = false;
    }
    this._pieces = [];
    const recorder = (this._recorder = new MediaRecorder(stream, { mimeType: this._type(), audioBitsPerSecond: bitsPerSecond }));
    recorder.ondataavailable = ({ data }) => this._pieces.push(data);
    recorder.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
    };
    recorder.start(1e3);
    this._began = performance.now();
    this._form.hidden = true;
    this._bar.hidden = false;
    this._bar.querySelector<HTMLElement>('.send')!.focus();
    this._tick();
    this._listen(stream);
  }

  private _tick = (): void => {
    const seconds = (performance.now() - this._began) / 1e3;
    this._time.textContent = clock(Math.min(seconds, longest)) + ' / ' + clock(longest);
    if (seconds < longest) this._timer = setTimeout(this._tick, 250);
    else if (this._recorder!.state === 'recording') { // it stays to be sent or thrown away
      this._recorder!.stop();
      this._still();
      this._warn(words.longest);
    }
  };

  /** Shows how loud it is, unless the visitor wants nothing to move. */
  private _listen(stream: MediaStream): void {
    if (matchMedia('(prefers-reduced-motion:reduce)').matches) return;
    const sound = (this._sound = new AudioContext()), meter = sound.createAnalyser();
    meter.fftSize = 256;
    sound.createMediaStreamSource(stream).connect(meter);
    const waves = new Uint8Array(meter.fftSize), bar = this._level.firstChild as HTMLElement;
    const show = () => {
      meter.getByteTimeDomainData(waves);
      const loud = Math.max(...waves.map((value) => Math.abs(value - 128))) / 128;
      bar.style.transform = `scaleX(${Math.min(1, loud * 1.6).toFixed(2)})`;
      this._frame = requestAnimationFrame(show);
    };
    show();
  }

  private _still(): void {
    clearTimeout(this._timer);
    cancelAnimationFrame(this._frame);
    this._sound?.close();
    this._sound = undefined;
  }

  private _end(send: boolean): void {
    const recorder = this._recorder!, type = recorder.mimeType.split(';')[0];
    const finish = () => {
      if (send) this._done(new File(this._pieces, 'voice.' + type.split('/')[1], { type }));
      this._pieces = [];
    };
    this._still();
    this._warn('');
    if (recorder.state === 'inactive') finish();
    else {
      recorder.addEventListener('stop', finish);
      recorder.stop();
    }
    this._bar.hidden = true;
    this._form.hidden = false;
    this._start.focus();
  }
}

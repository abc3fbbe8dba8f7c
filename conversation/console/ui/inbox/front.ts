// Which of the browser's tabs speaks. A tab in front holds a lock that others share; a
// hidden one that could have it alone knows that nobody looks. Over plain HTTP a browser
// has no locks, and each tab goes by itself.
const inFront = 'frontdesk-front', saidFor = 10_000;
let leave: (() => void)[] = [];
let left: Promise<unknown> = Promise.resolve(); // fulfilled some time after leaving, when the lock is free

function stand(): void {
  if (document.hidden) {
    leave.forEach((end) => end());
    leave = [];
  } else {
    const held = navigator.locks?.request(inFront, { mode: 'shared' }, () => (document.hidden ? undefined : new Promise<void>((end) => { leave.push(end); })));
    left = Promise.allSettled([left, held]);
  }
}
stand();
document.addEventListener('visibilitychange', stand);

/** Whether no tab of the console is in front. */
export async function nobodyLooks(): Promise<boolean> {
  if (document.hidden) await left;
  return document.hidden && (!navigator.locks || navigator.locks.request(inFront, { ifAvailable: true }, (lock) => !!lock));
}

/** True for the one tab that asks first about a thing, within some seconds. */
export function first(thing: string): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((answer) => {
    navigator.locks.request('frontdesk-said:' + thing, { ifAvailable: true }, (lock) => {
      answer(!!lock);
      return lock ? new Promise((end) => { setTimeout(end, saidFor); }) : undefined;
    });
  });
}

// Opens the chat without taking the focus from the page around, as it was left open; the
// greeting and the pieces of each look are the thing to be seen, so nothing else is kept.
try {
  localStorage.setItem('frontdesk:preview:state', JSON.stringify({ open: true, muted: true }));
} catch {
  // storage is forbidden: the launcher alone is shown
}

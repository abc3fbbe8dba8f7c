// Buttons with a question open the chat and ask it.
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-ask]');
  if (!button || !window.Frontdesk) return;
  window.Frontdesk.open();
  window.Frontdesk.send(button.dataset.ask);
});

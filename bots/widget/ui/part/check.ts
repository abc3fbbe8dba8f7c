// What can be said of a file before it is sent. The server looks at its bytes.
import { fill, words } from './words';

// The server's own bounds, in bytes: conversation.MaxImageBytes, MaxFileBytes.
const maxImage = 10 << 20;
const maxFile = 20 << 20;
const megabyte = 1 << 20;

const pictures = /\.(jpe?g|png|gif|webp|bmp)$/i;
const taken = /\.(mp3|m4a|aac|og[gav]|opus|wav|flac|weba|webm|mp4|m4v|mov|avi|mpe?g|pdf|docx|pptx|xlsx|odt|html?|md|txt|log|csv|tsv|jsonl?)$/i;
const takenTypes = /^(image\/(jpeg|png|gif|webp|bmp)|audio\/|video\/|text\/|application\/(pdf|json))/;

/** What a file dialog offers. Phones offer their camera with it. */
export const accept = 'image/jpeg,image/png,image/gif,image/webp,image/bmp,audio/*,video/*,.pdf,.docx,.pptx,.xlsx,.odt,.html,.md,.txt,.csv,.json';

export function isPicture(file: File): boolean {
  return /^image\/(jpeg|png|gif|webp|bmp)$/.test(file.type) || pictures.test(file.name);
}

/** Says why a file cannot be sent, or nothing. */
export function refusal(file: File): string {
  if (!file.size) return fill(words.empty, file.name);
  if (!takenTypes.test(file.type) && !pictures.test(file.name) && !taken.test(file.name)) return fill(words.wrongType, file.name);
  const most = isPicture(file) ? maxImage : maxFile;
  return file.size > most ? fill(words.tooLarge, file.name, most / megabyte) : '';
}

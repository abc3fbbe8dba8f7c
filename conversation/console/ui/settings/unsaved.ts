// Which sections of the settings have changes that are not saved: for the list of
// pages, which is there before any of them is loaded.
import { signal } from '@preact/signals';

export const unsaved = signal<string[]>([]);

/** Pages whose address is not the section's name: tokens there are those of the API. */
export const pageOf: Record<string, string> = { tokens: 'budgets' };
export const sectionOf = (page: string): string => Object.keys(pageOf).find((s) => pageOf[s] === page) || (page in pageOf ? '' : page);

// The pages about hours and rules, the bot, its channels and the server, loaded together
// when the first of them is opened.
export { Bot } from './bot';
export { Budgets } from './budgets';
export { Channels } from './channels';
export { Environment } from './environment';
export { HandlingRules } from './handling';
export { Health } from './health';
export { OpeningHours } from './hours';
export { Look } from './look';
export { Models } from './models';
export { Prices } from './prices';
export { RetentionPage } from './retention';
export { Spending } from './spending';
export { ThresholdPage } from './thresholds';
export { Webhooks } from './webhooks';

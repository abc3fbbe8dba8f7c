// node fakes.mjs MODULES OPTIONS runs stand-ins for Slack, Telegram and OpenAI, from the
// node_modules folder MODULES, until its standard input ends. OPTIONS is JSON: the ports
// slack, telegram and openai, the address for Slack's events, the secret they are signed
// with, and tokens, each {token, user} or {token, bot: true}.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, json] = process.argv.slice(2);
const options = JSON.parse(json);
const load = (...parts) => import(pathToFileURL(path.join(modules, ...parts)));

// The Slack stand-in signs and sends events, but has no way from outside to say where to.
// Its plugin is given the dispatcher when a server is made; that is where to ask.
const dist = path.join(modules, "emulate", "dist");
const plugin = readdirSync(dist).find((f) => f.startsWith("dist-") && f.endsWith(".js") && readFileSync(path.join(dist, f), "utf8").includes('name: "slack"'));
const slack = (await load("emulate", "dist", plugin)).default;
const register = slack.register;
slack.register = (app, store, webhooks, ...rest) => {
  register.call(slack, app, store, webhooks, ...rest);
  webhooks.register({ url: options.events, events: ["*"], active: true, owner: "slack" });
};
const { createEmulator } = await load("emulate", "dist", "api.js");
const bot = { bot_id: "B0FRONTDSK", bot_user_id: "U0FRONTDSK" };
await createEmulator({
  service: "slack",
  port: options.slack,
  seed: {
    slack: {
      team: { name: "Acme", domain: "acme" },
      users: [...new Set(options.tokens.map((t) => t.user).filter(Boolean))].map((name) => ({ name, real_name: name })),
      channels: [{ name: "staff", is_private: true }],
      signing_secret: options.secret,
      oauth_apps: [{ client_id: "1.2", client_secret: "not used", app_id: "A0FRONTDSK", name: "Frontdesk", redirect_uris: [], bot_name: "frontdesk", ...bot }],
      tokens: options.tokens.map((t) => (t.bot ? { token: t.token, type: "bot", user_id: bot.bot_user_id, app_id: "A0FRONTDSK", ...bot } : { token: t.token, user: t.user, type: "user" })),
    },
  },
});

const { TelegramServer } = createRequire(path.join(modules, "x.js"))(path.join(modules, "telegram-test-api", "lib", "telegramServer.js"));
await new TelegramServer({ port: options.telegram, host: "127.0.0.1", storeTimeout: 600 }).start();

const { LLMock } = await load("@copilotkit", "aimock", "dist", "index.js");
await new LLMock({ port: options.openai, host: "127.0.0.1" }).start();

console.log("ready");
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));

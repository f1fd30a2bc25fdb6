// Every page works without this file; with it the pages are quicker.
import htmx from "htmx.org";
import { copyButtons } from "./copy";
import { confirmDialogs } from "./confirm";
import { choiceInputs, refusedForm, unsavedChanges } from "./forms";
import { rowFilters } from "./filter";
import { fragmentForms } from "./fragment";
import { keys } from "./keys";
import { menus } from "./menus";
import { navigation } from "./navigation";
import { refusals } from "./notice";
import { pickers, samples } from "./pick";
import { searches } from "./secrets";
import { themeSwitch } from "./theme";
import { transferLists } from "./transfer";

htmx.config.includeIndicatorStyles = false; // a strict style-src forbids them; css/parts.css has ours
htmx.config.allowEval = false;
htmx.config.historyCacheSize = 0; // pages may show secrets once: none goes to the browser's storage
htmx.config.selfRequestsOnly = true;
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "422", swap: true }, // a refused form says why in its own fragment
  { code: "[45]..", swap: false, error: true },
];

for (const start of [
  themeSwitch, navigation, menus, keys, copyButtons, confirmDialogs, unsavedChanges, refusedForm, choiceInputs, rowFilters, transferLists, pickers, samples, refusals, searches, fragmentForms,
]) {
  start();
}

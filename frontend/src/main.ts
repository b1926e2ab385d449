import { BusyForm } from "./busy-form";
import { CropEditor } from "./crop-editor";
import { SheetForm } from "./sheet-form";
import { tellOtherTabs } from "./sheet-news";
import { UploadQueue } from "./upload-queue";

for (const part of CropEditor.parts) part.$define();
customElements.define("busy-form", BusyForm);
customElements.define("crop-editor", CropEditor);
customElements.define("sheet-form", SheetForm);
customElements.define("upload-queue", UploadQueue);

// Whatever led to this page may have changed the sheet.
tellOtherTabs();

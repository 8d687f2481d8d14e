; The installer for Windows: program files, a start menu entry, an entry under installed programs. Silent with /S, elsewhere with /D=FOLDER.
; Settings, stores and folders (ProgramData\cebd) are neither made nor removed here: `cebd service install` registers a station.
;
; The new program is unpacked into `new` while the earlier one works, and takes its place by renaming; the earlier one lies in `before`
; until the stations have gone over. So an upgrade that cannot be done leaves the earlier program whole, and the stations that ran run again.
;
; exit code   what is there
; 0           the new version; every station that ran runs
; 1           a station could not be taken over: the earlier version where that is so of all, else the new one, with the others
; 2           nothing was changed: no room, no right, a service that does not stop, a program of cebd or another setup that runs
Unicode true
!include "MUI2.nsh"
Name "cebd ${VERSION}"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\cebd"
InstallDirRegKey HKLM "Software\cebd" "Folder"
RequestExecutionLevel admin
SetCompressor zlib
AllowSkipFiles off
!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\cebd"
!define STOPPED "$APPDATA\cebd\stopped"
!define LOG "$APPDATA\cebd\upgrade.log"

!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "English"

LangString TWICE ${LANG_SIMPCHINESE} "安装程序已在运行：请等它结束。"
LangString TWICE ${LANG_ENGLISH} "The setup runs already: wait for its end."
LangString NOT_STOPPED ${LANG_SIMPCHINESE} "有 cebd 服务停不下来，未安装任何东西，各站点照旧运行：请先停止它，再运行安装程序。"
LangString NOT_STOPPED ${LANG_ENGLISH} "A service of cebd does not stop; nothing was installed, and the stations run as before. Stop it, then run the setup again."
LangString IN_USE ${LANG_SIMPCHINESE} "$INSTDIR\python 正在被使用，未安装任何东西，各站点照旧运行：请关闭所有运行 cebd 的窗口，再运行安装程序。"
LangString IN_USE ${LANG_ENGLISH} "$INSTDIR\python is in use; nothing was installed, and the stations run as before. Close every window in which cebd runs, then run the setup again."
LangString PUT_BACK ${LANG_SIMPCHINESE} "没有站点能升级，已恢复原来的版本；各站点的数据库未改动，先前运行的站点已重新启动。原因见 ${LOG}。"
LangString PUT_BACK ${LANG_ENGLISH} "No station could be upgraded, and the earlier version is back: every store is as it was, and the stations that ran run again. ${LOG} says why."
LangString NOT_BACK ${LANG_SIMPCHINESE} "没有站点能升级，各站点的数据库未改动；原因见 ${LOG}。装回原来的版本即可继续。"
LangString NOT_BACK ${LANG_ENGLISH} "No station could be upgraded; every store is as it was. ${LOG} says why. Install the earlier version again to go on."
LangString NOT_STARTED ${LANG_SIMPCHINESE} "有站点未能升级，其数据库未改动，其余站点已用新版本运行；原因见 ${LOG}。按其中所写处理后再运行安装程序，或装回原来的版本。"
LangString NOT_STARTED ${LANG_ENGLISH} "A station could not be upgraded; its store is as it was, and the others run with the new version. ${LOG} says why: mend it and run the setup again, or install the earlier version again."

Function .onInit
  System::Call 'kernel32::CreateMutex(p 0, i 0, t "Global\cebd-setup") p .r1 ?e'
  Pop $0
  StrCmp $0 "183" 0 alone ; ERROR_ALREADY_EXISTS
    MessageBox MB_OK|MB_ICONSTOP "$(TWICE)" /SD IDOK
    SetErrorLevel 2
    Quit
  alone:
FunctionEnd

!macro CEBD PROGRAM WORDS LOGGED
  nsExec::ExecToLog '"$SYSDIR\cmd.exe" /c ""${PROGRAM}\python.exe" -P -X utf8 -m cebd ${WORDS} --list "${STOPPED}" ${LOGGED} "${LOG}" 2>&1"'
  Pop $0
!macroend

; A file of the new program in the place of the earlier one's.
!macro TAKE NAME
  Delete "$INSTDIR\${NAME}"
  Rename "$INSTDIR\new\${NAME}" "$INSTDIR\${NAME}"
!macroend

Section
  SetShellVarContext all
  CreateDirectory "$APPDATA\cebd"
  RMDir /r "$INSTDIR\new"
  SetOutPath "$INSTDIR\new"
  File /r "${STAGE}/*" ; where one cannot be written, .onInstFailed
  SetOutPath "$INSTDIR" ; what is somebody's working folder cannot be renamed
  IfFileExists "$INSTDIR\python\python.exe" 0 fresh
    !insertmacro CEBD "$INSTDIR\python" "service stop --all" ">"
    StrCmp $0 "0" stopped
      StrCpy $1 "$(NOT_STOPPED)"
      Goto unchanged
    stopped:
    RMDir /r "$INSTDIR\before"
    CreateDirectory "$INSTDIR\before"
    ClearErrors
    Rename "$INSTDIR\python" "$INSTDIR\before\python"
    IfErrors 0 fresh
      StrCpy $1 "$(IN_USE)"
      Goto unchanged
  fresh:
  Rename "$INSTDIR\new\python" "$INSTDIR\python"
  ; Those that ran before: back up, bring up to date, start, audit.
  StrCpy $0 "0"
  IfFileExists "${STOPPED}" 0 taken_over
    !insertmacro CEBD "$INSTDIR\python" "service upgrade" ">"
  taken_over:
  StrCpy $2 $0
  StrCpy $1 "$(NOT_STARTED)"
  StrCmp $2 "6" 0 keep ; no station was, and no store was changed
    StrCpy $1 "$(NOT_BACK)"
    IfFileExists "$INSTDIR\before\python\python.exe" 0 keep
    ClearErrors
    Rename "$INSTDIR\python" "$INSTDIR\new\python"
    IfErrors keep
    Rename "$INSTDIR\before\python" "$INSTDIR\python"
    !insertmacro CEBD "$INSTDIR\new\python" "service start" ">>"
    RMDir /r "$INSTDIR\new"
    RMDir /r "$INSTDIR\before"
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(PUT_BACK)" /SD IDOK
    SetErrorLevel 1
    Quit
  keep:
  !insertmacro TAKE "cebd.exe"
  !insertmacro TAKE "config.example.toml"
  !insertmacro TAKE "README.md"
  !insertmacro TAKE "CHANGELOG.md"
  !insertmacro TAKE "LICENSE"
  !insertmacro TAKE "NOTICE"
  !insertmacro TAKE "service-windows.md"
  !insertmacro TAKE "service-windows.zh.md"
  RMDir /r "$INSTDIR\new"
  RMDir /r "$INSTDIR\before"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateDirectory "$SMPROGRAMS\cebd"
  CreateShortcut "$SMPROGRAMS\cebd\cebd.lnk" "$SYSDIR\cmd.exe" '/k cd /d "$APPDATA\cebd" && set PATH=$INSTDIR;%PATH%'
  WriteRegStr HKLM "Software\cebd" "Folder" "$INSTDIR"
  WriteRegStr HKLM "${ENTRY}" "DisplayName" "cebd"
  WriteRegStr HKLM "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${ENTRY}" "EstimatedSize" ${SIZE}
  WriteRegDWORD HKLM "${ENTRY}" "NoModify" 1
  StrCmp $2 "0" end
    MessageBox MB_OK|MB_ICONEXCLAMATION "$1" /SD IDOK
    SetErrorLevel 1
    Goto end

  unchanged:
  !insertmacro CEBD "$INSTDIR\new\python" "service start" ">>"
  RMDir /r "$INSTDIR\new"
  MessageBox MB_OK|MB_ICONSTOP "$1" /SD IDOK
  SetErrorLevel 2
  Quit
  end:
SectionEnd

; A file could not be written, or somebody cancelled: the earlier program has not been touched yet.
Function .onInstFailed
  SetOutPath "$TEMP"
  RMDir /r "$INSTDIR\new"
  RMDir "$INSTDIR"
FunctionEnd

Section "Uninstall"
  SetShellVarContext all
  nsExec::ExecToLog '"$INSTDIR\cebd.exe" service uninstall --all'
  Pop $0
  Delete "$SMPROGRAMS\cebd\cebd.lnk"
  RMDir "$SMPROGRAMS\cebd"
  RMDir /r "$INSTDIR\python"
  RMDir /r "$INSTDIR\new"
  RMDir /r "$INSTDIR\before"
  Delete "$INSTDIR\cebd.exe"
  Delete "$INSTDIR\config.example.toml"
  Delete "$INSTDIR\README.md"
  Delete "$INSTDIR\CHANGELOG.md"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\NOTICE"
  Delete "$INSTDIR\service-windows.md"
  Delete "$INSTDIR\service-windows.zh.md"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${ENTRY}"
  DeleteRegKey HKLM "Software\cebd"
SectionEnd
